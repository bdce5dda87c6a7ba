package io.millrace.partition.replica;

import io.millrace.partition.raft.Payload;
import io.millrace.partition.state.ContentHash;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.RecordCursor;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The {@link ContentHash}es of a request's records, in order, as they travel with it: 16 bytes each. The first half of a SHA-256 over
 *
 * <pre>
 *   size of the key, 4, big endian; -1 if there is none │ key │ size of the value, 4; -1 if there is none │ value
 * </pre>
 */
public final class ContentHashes {
    private static final int BYTES = 2 * Long.BYTES;

    private ContentHashes() {}

    /**
     * Looks into every record, and decompresses where it must; for any thread.
     *
     * @param batches valid ones
     * @param decompressedBytesMax of the records of one batch
     */
    public static Payload of(Payload batches, int decompressedBytesMax) {
        MessageDigest sha256 = sha256();
        List<byte[]> hashes = new ArrayList<>();
        for (RecordBatch batch : RecordBatches.iterate(bytesOf(batches))) {
            for (RecordCursor record = batch.cursor(decompressedBytesMax); record.next(); ) {
                update(sha256, record.key());
                update(sha256, record.value());
                hashes.add(sha256.digest());
            }
        }
        ByteBuffer all = ByteBuffer.allocate(BYTES * hashes.size());
        hashes.forEach(hash -> all.put(hash, 0, BYTES));
        return Payload.wrap(all.array());
    }

    static boolean isOf(Payload hashes, int recordCount) {
        return hashes.sizeBytes() == (long) BYTES * recordCount;
    }

    static List<ContentHash> read(Payload hashes) {
        ByteBuffer from = ByteBuffer.wrap(hashes.array(), hashes.arrayOffset(), hashes.sizeBytes());
        List<ContentHash> read = new ArrayList<>(hashes.sizeBytes() / BYTES);
        while (from.hasRemaining()) {
            read.add(new ContentHash(from.getLong(), from.getLong()));
        }
        return read;
    }

    private static void update(MessageDigest digest, @Nullable Bytes part) {
        int size = part == null ? -1 : part.size();
        for (int shift = 24; shift >= 0; shift -= 8) {
            digest.update((byte) (size >> shift));
        }
        if (part != null) {
            digest.update(part.unsafeArray(), part.unsafeOffset(), size);
        }
    }

    private static Bytes bytesOf(Payload payload) {
        return Bytes.wrap(payload.array(), payload.arrayOffset(), payload.sizeBytes());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
