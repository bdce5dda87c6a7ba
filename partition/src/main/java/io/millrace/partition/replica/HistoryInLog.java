package io.millrace.partition.replica;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.state.WriteHistory.Logged;
import java.util.List;

/**
 * What a piece of the log says of what was written.
 *
 * @param lastIndex of the piece
 * @param sizeBytes of what was read for it
 */
record HistoryInLog(List<Logged> writes, long lastIndex, long sizeBytes) {
    static HistoryInLog of(List<Entry> entries) {
        if (entries.isEmpty()) {
            throw new IllegalArgumentException("no entries where some are known to be");
        }
        return new HistoryInLog(
                LoggedWrites.in(entries),
                entries.get(entries.size() - 1).index(),
                entries.stream().mapToLong(entry -> entry.payload().sizeBytes()).sum());
    }
}
