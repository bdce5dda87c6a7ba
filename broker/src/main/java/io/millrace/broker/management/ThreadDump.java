package io.millrace.broker.management;

import java.lang.management.LockInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.MonitorInfo;
import java.lang.management.ThreadInfo;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;

/** All threads with their stacks and locks, much as {@code jstack} has it. */
final class ThreadDump {
    private ThreadDump() {}

    /** Holds the whole process for a moment. */
    static String take() {
        ThreadInfo[] threads = ManagementFactory.getThreadMXBean().dumpAllThreads(true, true);
        Arrays.sort(threads, Comparator.comparing(ThreadInfo::getThreadName));
        StringBuilder text = new StringBuilder();
        text.append(threads.length).append(" threads at ").append(Instant.now()).append("\n");
        for (ThreadInfo thread : threads) {
            append(text, thread);
        }
        return text.toString();
    }

    private static void append(StringBuilder text, ThreadInfo thread) {
        text.append("\n\"")
                .append(thread.getThreadName())
                .append("\" #")
                .append(thread.getThreadId())
                .append(" ")
                .append(thread.getThreadState());
        if (thread.getLockName() != null) {
            text.append(" on ").append(thread.getLockName());
        }
        if (thread.getLockOwnerName() != null) {
            text.append(" that \"").append(thread.getLockOwnerName()).append("\" has");
        }
        text.append("\n");
        StackTraceElement[] stack = thread.getStackTrace();
        for (int depth = 0; depth < stack.length; depth++) {
            text.append("    at ").append(stack[depth]).append("\n");
            for (MonitorInfo monitor : thread.getLockedMonitors()) {
                if (monitor.getLockedStackDepth() == depth) {
                    text.append("    - has locked ").append(monitor).append("\n");
                }
            }
        }
        for (LockInfo lock : thread.getLockedSynchronizers()) {
            text.append("    - has locked ").append(lock).append("\n");
        }
    }
}
