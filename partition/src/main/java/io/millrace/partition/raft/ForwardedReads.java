package io.millrace.partition.raft;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Reads that a follower has passed on to its leader. Their numbers on the wire begin at random in each life, so that an
 * answer to a question of an earlier one, which may be too old, is nobody's.
 */
final class ForwardedReads {
    static final int READS_MAX = 1_000;

    private record Waiting(long readId, long sinceMillis) {}

    /** In the order in which they were asked. */
    private final Map<Long, Waiting> waiting = new LinkedHashMap<>();

    private final long patienceMillis;
    private long lastWireId;

    ForwardedReads(long firstWireId, RaftSettings settings) {
        this.lastWireId = firstWireId;
        this.patienceMillis = settings.electionTimeoutMillisMax();
    }

    boolean isFull() {
        return waiting.size() >= READS_MAX;
    }

    /** How it is called on the wire. */
    long add(long readId, long nowMillis) {
        waiting.put(++lastWireId, new Waiting(readId, nowMillis));
        return lastWireId;
    }

    /** The read that was asked under this number, if it still waits. */
    OptionalLong answered(long wireId) {
        Waiting read = waiting.remove(wireId);
        return read == null ? OptionalLong.empty() : OptionalLong.of(read.readId());
    }

    /** When the oldest has waited long enough. */
    long deadlineMillis() {
        return waiting.isEmpty()
                ? Long.MAX_VALUE
                : waiting.values().iterator().next().sinceMillis() + patienceMillis;
    }

    /** Those that have waited long enough. */
    List<Long> expire(long nowMillis) {
        List<Long> expired = new ArrayList<>();
        while (deadlineMillis() <= nowMillis) {
            Map.Entry<Long, Waiting> oldest = waiting.entrySet().iterator().next();
            expired.add(oldest.getValue().readId());
            waiting.remove(oldest.getKey());
        }
        return expired;
    }

    /** All of them: who was asked leads no more. */
    List<Long> abandon() {
        List<Long> all = waiting.values().stream().map(Waiting::readId).toList();
        waiting.clear();
        return all;
    }
}
