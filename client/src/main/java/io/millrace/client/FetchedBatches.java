package io.millrace.client;

import com.google.protobuf.ByteString;
import io.millrace.protocol.TopicPartition;
import io.millrace.protocol.protobuf.ByteStrings;
import io.millrace.protocol.record.CorruptRecordBatchException;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.RecordCursor;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What one fetch brought of one partition, decoded record by record as it is taken: one batch at a time is decompressed. */
final class FetchedBatches {
    private final TopicPartition partition;
    private final long fromOffset;
    private final int sizeBytes;
    private final long endOffset;
    private final Iterator<RecordBatch> batches;
    private @Nullable RecordCursor records;
    private long nextOffset;

    /**
     * Nothing is decoded yet.
     *
     * @param fromOffset the first record that is wanted: a batch is never cut, so the first one may begin before it
     * @throws MillraceException CORRUPT_BATCH, if these are no batches
     */
    FetchedBatches(TopicPartition partition, long fromOffset, ByteString encoded) {
        this.partition = partition;
        this.fromOffset = fromOffset;
        this.sizeBytes = encoded.size();
        this.nextOffset = fromOffset;
        Iterable<RecordBatch> all = RecordBatches.iterate(ByteStrings.toBytes(encoded));
        this.batches = all.iterator();
        long end = fromOffset;
        try {
            for (RecordBatch batch : all) {
                end = Math.max(end, batch.nextOffset());
            }
        } catch (CorruptRecordBatchException e) {
            throw corrupt(e);
        }
        this.endOffset = end;
    }

    /** As they were written. */
    int sizeBytes() {
        return sizeBytes;
    }

    /** The offset after the last of all, by the headers of the batches. */
    long endOffset() {
        return endOffset;
    }

    /** The offset after what was taken. */
    long nextOffset() {
        return nextOffset;
    }

    /**
     * The next record, or null when there are no more.
     *
     * @throws MillraceException CORRUPT_BATCH, if it is not what was written
     */
    @Nullable RecordCursor next() {
        try {
            while (true) {
                RecordCursor open = records;
                while (open != null && open.next()) {
                    if (open.offset() >= fromOffset) {
                        nextOffset = open.offset() + 1;
                        return open;
                    }
                }
                records = null;
                if (!batches.hasNext()) {
                    nextOffset = endOffset;
                    return null;
                }
                RecordBatch batch = batches.next();
                batch.validate();
                records = batch.isControl() || batch.nextOffset() <= fromOffset ? null : batch.cursor();
            }
        } catch (CorruptRecordBatchException e) {
            throw corrupt(e);
        }
    }

    private MillraceException corrupt(CorruptRecordBatchException e) {
        return new MillraceException(
                FailureReason.CORRUPT_BATCH,
                "what came from " + partition + " at offset " + nextOffset + " is damaged: " + e.getMessage(),
                Map.of("topic", partition.topic(), "partition", Integer.toString(partition.partition())),
                false,
                null,
                e);
    }
}
