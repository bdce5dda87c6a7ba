package io.millrace.broker.health;

import java.time.Duration;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** How far the clocks of other brokers are from this one's, at least. For any thread. */
public final class Clocks {
    private volatile Map<Integer, Duration> differences = Map.of();

    /** By broker; of those that have answered lately. Zero: they may agree. */
    public SortedMap<Integer, Duration> differences() {
        return new TreeMap<>(differences);
    }

    void are(Map<Integer, Duration> all) {
        differences = Map.copyOf(all);
    }

    /**
     * What question and answer prove (Cristian, <i>Probabilistic clock synchronization</i>, 1989): the other clock was read at some time between
     * the two.
     *
     * @param theirMillis what the other clock said
     * @param ourMillis what ours said when the answer came
     * @param roundTripMillis from question to answer
     * @return by how much they differ, at least; zero if they may agree
     */
    static Duration differAtLeast(long theirMillis, long ourMillis, long roundTripMillis) {
        long ahead = theirMillis - ourMillis;
        long behind = ourMillis - roundTripMillis - theirMillis;
        return Duration.ofMillis(Math.max(0, Math.max(ahead, behind)));
    }
}
