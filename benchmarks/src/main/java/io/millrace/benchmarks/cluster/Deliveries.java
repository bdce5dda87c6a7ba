package io.millrace.benchmarks.cluster;

import io.millrace.client.load.Load;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * How long records are under way from when they were due until they are handled. There is one partition, which keeps the order: the
 * record that is handled as the tenth was due as the tenth.
 */
final class Deliveries implements Load.Listener {
    private static final long PATIENCE_SECONDS = 60;
    private static final long MICROS_MAX = TimeUnit.MINUTES.toMicros(10);
    private static final long INTERVAL_NANOS = 1_000_000_000L / Driver.PACED_PER_SECOND;

    private final Histogram latencyMicros = new Histogram(MICROS_MAX, 3);
    private final Load.Listener meter;
    private final long measureFrom;
    private final long end;
    private volatile long firstDueNanos;
    private long handled;

    /**
     * @param measureFrom the number of the first record that counts
     * @param end how many records there will be
     * @param meter is told what this is told
     */
    Deliveries(long measureFrom, long end, Load.Listener meter) {
        this.measureFrom = measureFrom;
        this.end = end;
        this.meter = meter;
    }

    @Override
    public void begins(long nanos) {
        firstDueNanos = nanos;
    }

    @Override
    public void measuringBegins() {
        meter.measuringBegins();
    }

    @Override
    public void measuringEnds() {
        meter.measuringEnds();
    }

    synchronized void handled(int bytes) {
        if (bytes == 0) {
            return;
        }
        long dueNanos = firstDueNanos + handled * INTERVAL_NANOS;
        if (handled++ >= measureFrom) {
            latencyMicros.recordValue(
                    Math.min(MICROS_MAX, TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - dueNanos)));
        }
        notifyAll();
    }

    /** Waits until all are handled. */
    synchronized Histogram latencyMicros() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (handled < end) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(handled + " of " + end + " records were handled");
            }
            TimeUnit.SECONDS.timedWait(this, 1);
        }
        return latencyMicros.copy();
    }
}
