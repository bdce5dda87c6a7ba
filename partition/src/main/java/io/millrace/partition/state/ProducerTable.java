package io.millrace.partition.state;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The idempotent producers of one partition and the batches that they wrote last, so that a leader can tell a new batch from
 * one that is sent again (KIP-98 has the idea).
 *
 * <p>It follows the log and not the commit: a leader decides when it proposes, while earlier batches are still on their
 * way. What is cut off again is taken back. So each of its states is a function of a prefix of the log, and all replicas
 * agree. Ahead of the log are only the leader's own proposals:
 *
 * <pre>
 *    committed           appended           proposed
 *  ─────────────────┼──────────────────┼────────────────▶
 *    for ever          truncated:         abandoned, when the leadership ends
 *                      undone             or the log has caught up
 * </pre>
 *
 * <p>It holds a limited number of producers. Of one too many, the one whose latest batch lies furthest back in the log is
 * forgotten; its next batch is that of an unknown producer. So are those that have not written for long, by the time that the log tells
 * ({@link LogTime}).
 */
public final class ProducerTable {
    /** All replicas must agree on it. A producer takes a few hundred bytes. */
    public static final int PRODUCERS_MAX = 10_000;

    /** @param turn of its latest batch, among all batches */
    private record Known(long turn, ProducerHistory history) {}

    /** Entry {@code index} has changed this producer; before, this was known of it, or nothing. */
    private record Undo(long index, long producerId, @Nullable Known before) {}

    /** All batches before this turn were in the log at this time. */
    record Mark(long millis, long turn) {}

    /** Before entry {@code index}, these were the marks. */
    private record MarksUndo(long index, List<Mark> before) {}

    private final int producersMax;
    private final Map<Long, Known> producers = new HashMap<>();
    /** By the turn of its latest batch, each producer. */
    private final TreeMap<Long, Long> byTurn = new TreeMap<>();

    private long nextTurn;
    /** Rising, and no more than it takes to tell whose turn is too long ago. */
    private List<Mark> marks = List.of();

    private final ArrayDeque<MarksUndo> marksUndos = new ArrayDeque<>();
    /** Of the entries that are not committed, in the order in which things happened. */
    private final ArrayDeque<Undo> undos = new ArrayDeque<>();
    /** Of the producers of which something is proposed and not appended yet, how they will stand then. */
    private final Map<Long, ProducerHistory> proposed = new HashMap<>();

    public ProducerTable() {
        this(PRODUCERS_MAX);
    }

    public ProducerTable(int producersMax) {
        if (producersMax < 1) {
            throw new IllegalArgumentException("room for " + producersMax + " producers");
        }
        this.producersMax = producersMax;
    }

    /**
     * Decides about a batch that comes after everything that was appended and proposed so far; an accepted one counts as
     * proposed.
     *
     * @param baseOffset the one that it will have, if it is accepted
     */
    public SequenceVerdict propose(ProducerBatch batch, long baseOffset) {
        SequenceVerdict verdict = verdictOn(batch);
        if (verdict == SequenceVerdict.Accepted.ACCEPTED) {
            propose(batch, baseOffset, 0);
        }
        return verdict;
    }

    /** As {@link #propose(ProducerBatch, long)} decides, without consequences. */
    SequenceVerdict verdictOn(ProducerBatch batch) {
        ProducerHistory known = latestOf(batch.producerId());
        return known == null ? ProducerHistory.verdictWithout(batch) : known.verdictOn(batch);
    }

    /** One that was accepted counts as proposed, without some of its records. */
    void propose(ProducerBatch batch, long baseOffset, int leftOut) {
        long id = batch.producerId();
        proposed.put(id, ProducerHistory.after(latestOf(id), batch, baseOffset, leftOut));
    }

    /** What was proposed included. */
    private @Nullable ProducerHistory latestOf(long producerId) {
        ProducerHistory ahead = proposed.get(producerId);
        Known known = producers.get(producerId);
        return ahead != null || known == null ? ahead : known.history();
    }

    /** What was proposed and did not arrive in the log never will. */
    public void abandonProposed() {
        proposed.clear();
    }

    /**
     * The log has this batch, in an entry that may yet be cut off.
     *
     * @param baseOffset beyond that of every batch before
     */
    public void appended(long index, ProducerBatch batch, long baseOffset) {
        if (baseOffset <= latestOffset()) {
            throw outOfOrder(index, baseOffset);
        }
        appended(index, batch, baseOffset, 0);
    }

    /**
     * The log has this batch, or what is left of it.
     *
     * @param baseOffset not before that of any batch before
     * @param leftOut so many of its records are not written
     */
    void appended(long index, ProducerBatch batch, long baseOffset, int leftOut) {
        long lastIndex = undos.isEmpty() ? 0 : undos.getLast().index();
        if (index < lastIndex || baseOffset < latestOffset()) {
            throw outOfOrder(index, baseOffset);
        }
        long id = batch.producerId();
        Known before = producers.get(id);
        ProducerHistory after =
                ProducerHistory.after(before == null ? null : before.history(), batch, baseOffset, leftOut);
        undos.add(new Undo(index, id, before));
        set(id, new Known(nextTurn++, after));
        if (producers.size() > producersMax) {
            forgetEarliest(index);
        }
        ProducerHistory ahead = proposed.get(id);
        if (ahead != null && ahead.epoch() == after.epoch() && ahead.newest().equals(after.newest())) {
            proposed.remove(id);
        }
    }

    private void forgetEarliest(long index) {
        long forgotten = byTurn.firstEntry().getValue();
        undos.add(new Undo(index, forgotten, producers.get(forgotten)));
        set(forgotten, null);
    }

    /** The log tells the time, in an entry that may yet be cut off. If a leader's clock is behind its predecessor's, it stands still. */
    void timed(long index, LogTime time) {
        marksUndos.add(new MarksUndo(index, marks));
        List<Mark> after = new ArrayList<>(marks);
        after.add(new Mark(Math.max(time.millis(), timeMillis()), nextTurn));
        while (after.size() > 1 && after.get(1).millis() <= time.forgetBefore()) {
            after.remove(0);
        }
        marks = List.copyOf(after);
        Mark first = marks.get(0);
        while (first.millis() <= time.forgetBefore() && !byTurn.isEmpty() && byTurn.firstKey() < first.turn()) {
            forgetEarliest(index);
        }
    }

    /** When the log told the time last; {@link Long#MIN_VALUE}: never. */
    long timeMillis() {
        return marks.isEmpty() ? Long.MIN_VALUE : marks.get(marks.size() - 1).millis();
    }

    private IllegalStateException outOfOrder(long index, long baseOffset) {
        long lastIndex = undos.isEmpty() ? 0 : undos.getLast().index();
        return new IllegalStateException("broken invariant: a batch at index " + index + ", offset " + baseOffset
                + " after index " + lastIndex + ", offset " + latestOffset());
    }

    /** Entry {@code fromIndex} and all after it are gone. */
    public void truncated(long fromIndex) {
        while (!undos.isEmpty() && undos.getLast().index() >= fromIndex) {
            Undo undo = undos.removeLast();
            set(undo.producerId(), undo.before());
        }
        while (!marksUndos.isEmpty() && marksUndos.getLast().index() >= fromIndex) {
            marks = marksUndos.removeLast().before();
        }
    }

    /** Everything up to here stays for ever. */
    public void committed(long index) {
        while (!undos.isEmpty() && undos.getFirst().index() <= index) {
            undos.removeFirst();
        }
        while (!marksUndos.isEmpty() && marksUndos.getFirst().index() <= index) {
            marksUndos.removeFirst();
        }
    }

    public int producerCount() {
        return producers.size();
    }

    /** A table of its own, as of the last committed entry. */
    public ProducerTable committedCopy() {
        ProducerTable copy = new ProducerTable(producersMax);
        copy.producers.putAll(producers);
        copy.byTurn.putAll(byTurn);
        copy.nextTurn = nextTurn;
        copy.marks = marks;
        copy.undos.addAll(undos);
        copy.marksUndos.addAll(marksUndos);
        copy.truncated(Long.MIN_VALUE);
        return copy;
    }

    /** Everything but what is proposed, without a checksum; see {@link #fromBytes}. */
    public byte[] toBytes() {
        return ProducerTableFormat.write(new ProducerTableFormat.Content(
                byTurn.values().stream().map(id -> Map.entry(id, historyOf(id))).toList(),
                marks.stream()
                        .map(mark -> new Mark(
                                mark.millis(), byTurn.headMap(mark.turn()).size()))
                        .toList()));
    }

    /**
     * The inverse of {@link #toBytes}; nothing can be taken back from it.
     *
     * @throws IllegalArgumentException for anything that {@code toBytes} did not make
     */
    public static ProducerTable fromBytes(byte[] bytes) {
        return fromBytes(bytes, PRODUCERS_MAX);
    }

    static ProducerTable fromBytes(byte[] bytes, int producersMax) {
        ProducerTable table = new ProducerTable(producersMax);
        ProducerTableFormat.Content content = ProducerTableFormat.read(bytes);
        var written = content.producers();
        int tooMany = Math.max(0, written.size() - producersMax);
        table.marks = content.marks().stream()
                .map(mark -> new Mark(mark.millis(), Math.max(0, mark.turn() - tooMany)))
                .toList();
        for (var producer : written.subList(tooMany, written.size())) {
            long latest = producer.getValue().newest().baseOffset();
            if (table.producers.containsKey(producer.getKey()) || latest < table.latestOffset()) {
                throw new IllegalArgumentException("producer " + producer.getKey() + " is out of order");
            }
            table.set(producer.getKey(), new Known(table.nextTurn++, producer.getValue()));
        }
        return table;
    }

    /** Where the last batch that is remembered begins; -1 if there is none. */
    private long latestOffset() {
        return byTurn.isEmpty()
                ? -1
                : historyOf(byTurn.lastEntry().getValue()).newest().baseOffset();
    }

    private ProducerHistory historyOf(long producerId) {
        Known known = producers.get(producerId);
        if (known == null) {
            throw new IllegalStateException("broken invariant: no producer " + producerId);
        }
        return known.history();
    }

    private void set(long producerId, @Nullable Known known) {
        Known replaced = known == null ? producers.remove(producerId) : producers.put(producerId, known);
        if (replaced != null) {
            byTurn.remove(replaced.turn());
        }
        if (known != null) {
            byTurn.put(known.turn(), producerId);
        }
    }
}
