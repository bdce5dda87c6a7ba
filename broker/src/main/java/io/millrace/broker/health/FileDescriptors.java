package io.millrace.broker.health;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Optional;

/**
 * How many files and connections a process has open, and how many it may have. A process that has no more can neither open logs nor take connections.
 *
 * @param max 0 if nothing is known
 */
public record FileDescriptors(long open, long max) {
    public static final FileDescriptors UNKNOWN = new FileDescriptors(0, 0);

    /** One while it is idle, two or more while it is read from its files or opened: docs/scale.md. */
    private static final int PER_REPLICA = 3;

    /** What Elasticsearch asks for; Kafka's documentation recommends 100,000. */
    private static final long MAX_USUAL = 65_536;

    private static final int LOW_PERCENT = 80;

    /** Of this process; on systems that do not tell, {@link #UNKNOWN}. */
    public static FileDescriptors ofProcess() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                ? new FileDescriptors(system.getOpenFileDescriptorCount(), system.getMaxFileDescriptorCount())
                : UNKNOWN;
    }

    /** Whether so few are left that a restart, or some more partitions, may find none. */
    boolean areLow() {
        return max > 0 && open > max / 100.0 * LOW_PERCENT;
    }

    /** What to tell somebody who starts a broker with few of them. */
    public Optional<String> adviceAtStart() {
        return max == 0 || max >= MAX_USUAL
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "At most %,d files and connections can be open (ulimit -n): enough for about %,d replicas. %,d or more are usual",
                        max,
                        max / PER_REPLICA,
                        MAX_USUAL));
    }
}
