package io.millrace.partition.state;

import io.millrace.partition.state.ProducerHistory.Written;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A {@link ProducerTable} as bytes, big endian. Disks hold it: a change of it is a new version.
 *
 * <pre>
 *  version, 1 byte: 1, 2 or 3 │ producers, 4 │ per producer, by the turn of its latest batch:
 *     id, 8 │ epoch, 2 │ batches, 1 │ per batch, the oldest first: base sequence, 4 │ records, 4 │ base offset, 8 │ from version 2 on: left out, 4
 *  version 3: marks, 4 │ per mark, rising: milliseconds, 8 │ so many of the producers wrote nothing since, 4
 * </pre>
 *
 * The earliest version is written that says everything.
 */
final class ProducerTableFormat {
    private static final int WHOLE_BATCHES = 1;
    private static final int WITH_LEFT_OUT = 2;
    private static final int WITH_TIME = 3;
    private static final int MARK_BYTES = 8 + 4;
    private static final int HEADER_BYTES = 1 + 4;
    private static final int PRODUCER_BYTES = 8 + 2 + 1;
    private static final int BATCH_BYTES = 4 + 4 + 8;
    private static final int LEFT_OUT_BYTES = 4;

    private ProducerTableFormat() {}

    /**
     * @param producers by the turn of their latest batch
     * @param marks their turns count the producers
     */
    record Content(List<Map.Entry<Long, ProducerHistory>> producers, List<ProducerTable.Mark> marks) {}

    static byte[] write(Content content) {
        List<Map.Entry<Long, ProducerHistory>> producers = content.producers();
        boolean timed = !content.marks().isEmpty();
        boolean whole = !timed
                && producers.stream().allMatch(producer -> producer.getValue().batches().stream()
                        .allMatch(batch -> batch.leftOut() == 0));
        int size = HEADER_BYTES + (timed ? 4 + MARK_BYTES * content.marks().size() : 0);
        for (var producer : producers) {
            int batches = producer.getValue().batches().size();
            size += PRODUCER_BYTES + batches * (BATCH_BYTES + (whole ? 0 : LEFT_OUT_BYTES));
        }
        ByteWriter to = new ByteWriter(size);
        to.put(timed ? WITH_TIME : whole ? WHOLE_BATCHES : WITH_LEFT_OUT, 1);
        to.put(producers.size(), 4);
        for (var producer : producers) {
            ProducerHistory history = producer.getValue();
            to.put(producer.getKey(), 8);
            to.put(history.epoch(), 2);
            to.put(history.batches().size(), 1);
            for (Written batch : history.batches()) {
                to.put(batch.baseSequence(), 4);
                to.put(batch.recordCount(), 4);
                to.put(batch.baseOffset(), 8);
                if (!whole) {
                    to.put(batch.leftOut(), LEFT_OUT_BYTES);
                }
            }
        }
        if (timed) {
            to.put(content.marks().size(), 4);
            for (ProducerTable.Mark mark : content.marks()) {
                to.put(mark.millis(), 8);
                to.put(mark.turn(), 4);
            }
        }
        return to.bytes();
    }

    /** @throws IllegalArgumentException for what {@link #write} does not make, as far as one producer alone can tell */
    static Content read(byte[] bytes) {
        ByteReader from = new ByteReader("table of producers", bytes);
        int version = from.requireVersion(WHOLE_BATCHES, WITH_LEFT_OUT, WITH_TIME);
        List<Map.Entry<Long, ProducerHistory>> producers = new ArrayList<>();
        for (long left = from.count(PRODUCER_BYTES + BATCH_BYTES); left > 0; left--) {
            producers.add(Map.entry(from.get(8), history(from, version == WHOLE_BATCHES)));
        }
        List<ProducerTable.Mark> marks = version == WITH_TIME ? marks(from, producers.size()) : List.of();
        from.requireEnd();
        return new Content(producers, marks);
    }

    private static List<ProducerTable.Mark> marks(ByteReader from, int producers) {
        List<ProducerTable.Mark> marks = new ArrayList<>();
        ProducerTable.Mark last = new ProducerTable.Mark(Long.MIN_VALUE, 0);
        for (long left = from.count(MARK_BYTES); left > 0; left--) {
            ProducerTable.Mark mark = new ProducerTable.Mark(from.get(8), from.get(4));
            from.require(
                    mark.millis() >= last.millis() && mark.turn() >= last.turn() && mark.turn() <= producers,
                    mark + " after " + last);
            marks.add(mark);
            last = mark;
        }
        return marks;
    }

    private static ProducerHistory history(ByteReader from, boolean whole) {
        short epoch = (short) from.get(2);
        long count = from.get(1);
        from.require(epoch >= 0 && count >= 1 && count <= ProducerHistory.BATCHES_MAX, "epoch " + epoch + ", " + count);
        List<Written> batches = new ArrayList<>();
        long end = 0;
        for (long i = 0; i < count; i++) {
            Written batch = new Written(
                    (int) from.get(4), (int) from.get(4), from.get(8), whole ? 0 : (int) from.get(LEFT_OUT_BYTES));
            from.require(
                    batch.baseSequence() >= 0
                            && batch.recordCount() >= 1
                            && batch.leftOut() >= 0
                            && batch.leftOut() <= batch.recordCount()
                            && batch.baseOffset() >= end,
                    batch + " after those up to offset " + end);
            end = batch.baseOffset() + batch.recordCount() - batch.leftOut();
            batches.add(batch);
        }
        return new ProducerHistory(epoch, batches);
    }
}
