package io.millrace.partition.sim;

import io.millrace.partition.raft.Payload;
import java.util.BitSet;

/**
 * What clients asked and were told, and whether one log that changes in an instant could have told it.
 *
 * <p>Deciding linearizability is hard in general; for a log it is not, because every operation names its place. An append
 * that got the offsets {@code [b, b+n)} stands between {@code b} and {@code b+n}; a read that saw {@code e} as the end stands
 * at {@code e}. So there is only one candidate for the order of operations: that of their places (reads at one place
 * commute). It is a linearization if and only if
 *
 * <ol>
 *   <li>all that was seen is one sequence: each offset has one record, for all appends and reads, each value is at one
 *       offset, and there are no gaps
 *   <li>it agrees with real time: if X was answered before Y was asked, X does not stand after Y.
 * </ol>
 *
 * <p>Necessary is obvious. Sufficient: were there a cycle of "stands before" and "was answered before", then by (2) places
 * never fall along it; so all its places are equal, it has no edge of the first kind, and the second kind alone, an order
 * of intervals, has no cycle.
 *
 * <p>Checking (2) for all pairs takes one number: each operation is given, when it is asked, the latest place of anything
 * answered so far ({@link #floor}), and must not stand before that. An append that is never answered has no end in time, so
 * it is nobody's X; as a Y it is checked when it turns out to have a place, that is, when it is committed. So the check is
 * complete, and costs as much as the history is long.
 *
 * <p>What a leader answers to a fetch from its own knowledge claims less: records at their offsets and nothing that is not
 * committed, though perhaps not the latest. Of such reads only (1) is checked.
 */
final class History {
    private final SafetyChecks checks;
    /** The committed records' values, by offset. */
    private final LongList committed = new LongList();
    /** By value, which count from 0: what {@link #floor} was when it was asked to be appended. */
    private final LongList floorOf = new LongList();

    private final BitSet values = new BitSet();
    /** Everything up to here was answered. */
    private long floor;

    private long acknowledged;
    private long read;

    History(SafetyChecks checks) {
        this.checks = checks;
    }

    /** Asks for so many records; the first one's value. */
    long append(int records) {
        long first = floorOf.size();
        for (int i = 0; i < records; i++) {
            floorOf.add(floor);
        }
        return first;
    }

    /** What a read must see at least that is asked now. */
    long floor() {
        return floor;
    }

    /** The next entry that any member commits. */
    void committed(long index, Payload batches) {
        Batches.forEachRecord(batches, (offset, value) -> {
            checks.check(
                    offset == committed.size(),
                    Property.OFFSETS_ARE_DENSE,
                    "entry %s has a record at offset %s after %s",
                    index,
                    offset,
                    committed.size());
            checks.check(
                    value >= 0 && value < floorOf.size() && !values.get((int) value),
                    Property.COMMITTED_STAYS,
                    "value %s in entry %s was never sent, or is committed for the second time",
                    value,
                    index);
            checks.check(
                    floorOf.get(value) <= offset,
                    Property.LINEARIZABLE,
                    "value %s is at offset %s, though all up to %s was answered before it was sent",
                    value,
                    offset,
                    floorOf.get(value));
            values.set((int) value);
            committed.add(value);
        });
    }

    /** A client is told that its values from {@code first} on have the offsets from {@code base} on. */
    void acknowledged(long base, long first, int records) {
        for (int i = 0; i < records; i++) {
            checks.check(
                    isCommitted(base + i, first + i),
                    Property.ACKNOWLEDGED_STAYS,
                    "value %s is acknowledged at offset %s and not committed there",
                    first + i,
                    base + i);
        }
        acknowledged++;
        floor = Math.max(floor, base + records);
    }

    /** A client is told that these records are at their offsets. */
    void read(Payload batches) {
        Batches.forEachRecord(
                batches,
                (offset, value) -> checks.check(
                        isCommitted(offset, value),
                        Property.READS_ARE_TRUE,
                        "value %s is read at offset %s and not committed there",
                        value,
                        offset));
        read++;
    }

    /**
     * A client is told that the log ends at {@code end}, with the promise that this was so at some moment since it asked.
     *
     * @param floorThen what {@link #floor()} was when it asked
     */
    void endRead(long floorThen, long end) {
        checks.check(
                floorThen <= end && end <= committed.size(),
                Property.LINEARIZABLE,
                "a read sees the end at %s, though all up to %s was answered before; committed is all up to %s",
                end,
                floorThen,
                committed.size());
        read++;
        floor = Math.max(floor, end);
    }

    private boolean isCommitted(long offset, long value) {
        return offset >= 0 && offset < committed.size() && committed.get(offset) == value;
    }

    /** The offset after the last committed record. */
    long end() {
        return committed.size();
    }

    long acknowledgedCount() {
        return acknowledged;
    }

    long readCount() {
        return read;
    }
}
