package io.millrace.cluster.chaos;

import java.util.ArrayList;
import java.util.List;

/** The times in which nothing was acknowledged, of one producer. Times are those of {@link System#nanoTime}. */
final class Gaps {
    /** Shorter ones are of no interest, and many. */
    private static final long NANOS_MIN = 20_000_000;

    record Gap(long fromNanos, long untilNanos) {
        double millis() {
            return (untilNanos - fromNanos) / 1e6;
        }

        boolean overlaps(long beginNanos, long endNanos) {
            return fromNanos < endNanos && untilNanos > beginNanos;
        }
    }

    private final List<Gap> gaps = new ArrayList<>();
    private long lastNanos;

    /** Counting begins now. */
    synchronized void begin(long nowNanos) {
        lastNanos = nowNanos;
    }

    synchronized void acknowledged(long nowNanos) {
        if (nowNanos - lastNanos >= NANOS_MIN) {
            gaps.add(new Gap(lastNanos, nowNanos));
        }
        lastNanos = Math.max(lastNanos, nowNanos);
    }

    /** Those of at least so many ms that overlap with a time. */
    synchronized List<Gap> atLeast(double millis, long beginNanos, long endNanos) {
        return gaps.stream()
                .filter(gap -> gap.millis() >= millis && gap.overlaps(beginNanos, endNanos))
                .toList();
    }

    /** The longest that overlaps with a time, in ms; 0 if there is none of interest. */
    synchronized double longestMillis(long beginNanos, long endNanos) {
        return gaps.stream()
                .filter(gap -> gap.overlaps(beginNanos, endNanos))
                .mapToDouble(Gap::millis)
                .max()
                .orElse(0);
    }
}
