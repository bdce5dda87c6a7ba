package io.millrace.partition.replica;

import io.millrace.partition.raft.ReadOutcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Linearizable reads before they are served (§6.4 of the Raft dissertation): first Raft is asked what was committed when they
 * came, then they wait until the replica knows all of that. Raft answers each; it gives up after an election timeout.
 */
final class FreshReads {
    private final int max;
    private final Map<Long, PartitionCommand> asked = new HashMap<>();
    /** By the index that must be committed here first. */
    private final TreeMap<Long, List<PartitionCommand>> behind = new TreeMap<>();

    private int count;
    private long lastReadId;

    FreshReads(int max) {
        this.max = max;
    }

    boolean isFull() {
        return count >= max;
    }

    /** The number to ask Raft under. */
    long add(PartitionCommand read) {
        count++;
        asked.put(++lastReadId, read);
        return lastReadId;
    }

    /**
     * Raft's answer to a question.
     *
     * @param committed how far this replica has come
     */
    void answered(
            long readId,
            ReadOutcome outcome,
            long committed,
            Consumer<PartitionCommand> ready,
            BiConsumer<PartitionCommand, ReadOutcome.Reason> refused) {
        PartitionCommand read = asked.remove(readId);
        if (read == null) {
            return; // refused before
        }
        if (outcome instanceof ReadOutcome.Ready known && known.index() > committed) {
            behind.computeIfAbsent(known.index(), index -> new ArrayList<>()).add(read);
            return;
        }
        count--;
        if (outcome instanceof ReadOutcome.Refused refusal) {
            refused.accept(read, refusal.reason());
        } else {
            ready.accept(read);
        }
    }

    void committed(long index, Consumer<PartitionCommand> ready) {
        while (!behind.isEmpty() && behind.firstKey() <= index) {
            List<PartitionCommand> reads = behind.pollFirstEntry().getValue();
            count -= reads.size();
            reads.forEach(ready);
        }
    }

    void takeAll(Consumer<PartitionCommand> each) {
        List<PartitionCommand> all = new ArrayList<>(asked.values());
        behind.values().forEach(all::addAll);
        asked.clear();
        behind.clear();
        count = 0;
        all.forEach(each);
    }
}
