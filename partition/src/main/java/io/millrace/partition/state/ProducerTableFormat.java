package io.millrace.partition.state;

import io.millrace.partition.state.ProducerHistory.Written;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A {@link ProducerTable} as bytes, big endian. Disks hold it: a change of it is a new version.
 *
 * <pre>
 *  version, 1 byte: 1 │ producers, 4 │ per producer, by the offset of its latest batch:
 *     id, 8 │ epoch, 2 │ batches, 1 │ per batch, the oldest first: base sequence, 4 │ records, 4 │ base offset, 8
 * </pre>
 */
final class ProducerTableFormat {
    private static final int VERSION = 1;
    private static final int HEADER_BYTES = 1 + 4;
    private static final int PRODUCER_BYTES = 8 + 2 + 1;
    private static final int BATCH_BYTES = 4 + 4 + 8;

    private final byte[] bytes;
    private int at;

    private ProducerTableFormat(byte[] bytes) {
        this.bytes = bytes;
    }

    static byte[] write(List<Map.Entry<Long, ProducerHistory>> producers) {
        int size = HEADER_BYTES;
        for (var producer : producers) {
            size += PRODUCER_BYTES + BATCH_BYTES * producer.getValue().batches().size();
        }
        ProducerTableFormat to = new ProducerTableFormat(new byte[size]);
        to.put(VERSION, 1);
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
            }
        }
        return to.bytes;
    }

    /** @throws IllegalArgumentException for what {@link #write} does not make, as far as one producer alone can tell */
    static List<Map.Entry<Long, ProducerHistory>> read(byte[] bytes) {
        ProducerTableFormat from = new ProducerTableFormat(bytes);
        long version = from.get(1);
        require(version == VERSION, "version " + version + ", only " + VERSION + " is known");
        long count = from.get(4);
        require(count <= (bytes.length - HEADER_BYTES) / (PRODUCER_BYTES + BATCH_BYTES), count + " producers");
        List<Map.Entry<Long, ProducerHistory>> producers = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            producers.add(Map.entry(from.get(8), from.history()));
        }
        require(from.at == bytes.length, (bytes.length - from.at) + " bytes too many");
        return producers;
    }

    private ProducerHistory history() {
        short epoch = (short) get(2);
        long count = get(1);
        require(epoch >= 0 && count >= 1 && count <= ProducerHistory.BATCHES_MAX, "epoch " + epoch + ", " + count);
        List<Written> batches = new ArrayList<>();
        long before = -1;
        for (long i = 0; i < count; i++) {
            Written batch = new Written((int) get(4), (int) get(4), get(8));
            require(
                    batch.baseSequence() >= 0 && batch.recordCount() >= 1 && batch.baseOffset() > before,
                    batch + " after offset " + before);
            before = batch.baseOffset();
            batches.add(batch);
        }
        return new ProducerHistory(epoch, batches);
    }

    private void put(long value, int size) {
        for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) {
            bytes[at++] = (byte) (value >> shift);
        }
    }

    /** Shorter numbers come without a sign. */
    private long get(int size) {
        require(bytes.length - at >= size, "it ends after " + bytes.length + " bytes");
        long value = 0;
        for (int i = 0; i < size; i++) {
            value = (value << 8) | (bytes[at++] & 0xff);
        }
        return value;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("not a table of producers: " + otherwise);
        }
    }
}
