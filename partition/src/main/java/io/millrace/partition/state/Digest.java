package io.millrace.partition.state;

import java.util.ArrayList;
import java.util.List;

/**
 * What a leader notes of a proposal in a partition that compares records by content; the log has it before the records.
 *
 * <pre>
 *   DIGEST: time, hashes of a, b, c; batches of producers │ DATA: a, b, c │ DIGEST: time, no hashes; batches of producers │ …
 * </pre>
 *
 * One with hashes is about the next records of the log, and without these it means nothing. One without hashes says that producers
 * have sent nothing but what was there already.
 *
 * <p>As bytes, big endian, since the log holds it:
 *
 * <pre>
 *  version, 1 byte: 1 │ milliseconds, 8 │ base offset, 8 │ hashes, 4 │ each: high, 8 │ low, 8
 *  batches, 4 │ each: producer, 8 │ epoch, 2 │ base sequence, 4 │ records, 4 │ base offset, 8 │ left out, 4
 * </pre>
 *
 * @param millis when it was proposed, since 1970, by the leader's clock
 * @param baseOffset of the first of the records
 * @param hashes of the records, in order
 * @param batches all of idempotent producers in the proposal, in order
 */
public record Digest(long millis, long baseOffset, List<ContentHash> hashes, List<Numbered> batches) {
    /**
     * A batch as its producer has sent it.
     *
     * @param baseOffset of the first of its records that is written, or would be
     * @param leftOut of its records, so many are not written
     */
    public record Numbered(ProducerBatch batch, long baseOffset, int leftOut) {}

    private static final int VERSION = 1;
    private static final int HASH_BYTES = 2 * 8;
    private static final int BATCH_BYTES = 8 + 2 + 4 + 4 + 8 + 4;
    private static final int SIZE_MIN = 1 + 2 * 8 + 2 * 4;

    public Digest {
        hashes = List.copyOf(hashes);
        batches = List.copyOf(batches);
    }

    public byte[] toBytes() {
        ByteWriter to = new ByteWriter(SIZE_MIN + HASH_BYTES * hashes.size() + BATCH_BYTES * batches.size());
        to.put(VERSION, 1);
        to.put(millis, 8);
        to.put(baseOffset, 8);
        to.put(hashes.size(), 4);
        for (ContentHash hash : hashes) {
            to.put(hash.high(), 8);
            to.put(hash.low(), 8);
        }
        to.put(batches.size(), 4);
        for (Numbered numbered : batches) {
            ProducerBatch batch = numbered.batch();
            to.put(batch.producerId(), 8);
            to.put(batch.epoch(), 2);
            to.put(batch.baseSequence(), 4);
            to.put(batch.recordCount(), 4);
            to.put(numbered.baseOffset(), 8);
            to.put(numbered.leftOut(), 4);
        }
        return to.bytes();
    }

    /** @throws IllegalArgumentException for anything that {@link #toBytes} did not make */
    public static Digest fromBytes(byte[] bytes) {
        ByteReader from = new ByteReader("digest", bytes);
        from.requireVersion(VERSION);
        long millis = from.get(8);
        long baseOffset = from.get(8);
        List<ContentHash> hashes = new ArrayList<>();
        for (long left = from.count(HASH_BYTES); left > 0; left--) {
            hashes.add(new ContentHash(from.get(8), from.get(8)));
        }
        List<Numbered> batches = new ArrayList<>();
        for (long left = from.count(BATCH_BYTES); left > 0; left--) {
            ProducerBatch batch =
                    new ProducerBatch(from.get(8), (short) from.get(2), (int) from.get(4), (int) from.get(4));
            batches.add(new Numbered(batch, from.get(8), (int) from.get(4)));
        }
        from.requireEnd();
        return new Digest(millis, baseOffset, hashes, batches);
    }
}
