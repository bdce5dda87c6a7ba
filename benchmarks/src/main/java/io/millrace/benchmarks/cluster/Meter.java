package io.millrace.benchmarks.cluster;

import io.millrace.client.load.Load;
import java.util.List;

/** What processes use while something is measured. */
final class Meter implements Load.Listener {
    private final Task task;
    private final List<Long> self = List.of(ProcessHandle.current().pid());
    private long nanos;
    private ProcessUsage server = ProcessUsage.NONE;
    private double clientCpuSeconds;
    private double othersCpuSeconds;

    Meter(Task task) {
        this.task = task;
    }

    @Override
    public void measuringBegins() {
        read(-1);
    }

    @Override
    public void measuringEnds() {
        read(1);
    }

    private void read(int sign) {
        nanos += sign * System.nanoTime();
        ProcessUsage now = ProcessUsage.of(task.serverPids());
        server = new ProcessUsage(
                server.cpuSeconds() + sign * now.cpuSeconds(),
                now.rssBytes(),
                server.readBytes() + sign * now.readBytes());
        clientCpuSeconds += sign * ProcessUsage.of(self).cpuSeconds();
        othersCpuSeconds += sign * ProcessUsage.of(task.otherPids()).cpuSeconds();
    }

    double serverCpuSeconds() {
        return server.cpuSeconds();
    }

    long serverRssBytes() {
        return server.rssBytes();
    }

    /** Of all servers, from disks; what the page cache had is not counted. */
    long serverReadBytes() {
        return server.readBytes();
    }

    double clientCpuSeconds() {
        return clientCpuSeconds;
    }

    /** In cores. */
    double othersCpu() {
        return othersCpuSeconds / (nanos / 1e9);
    }
}
