package io.millrace.broker.group;

import io.millrace.broker.group.state.Fact;
import io.millrace.partition.raft.Payload;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.StoredRecord;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Facts as the records of a partition: one each, without a key, in one batch. */
final class GroupLog {
    private GroupLog() {}

    static Payload encode(List<Bytes> facts, long nowMillis) {
        RecordBatchBuilder batch = new RecordBatchBuilder(Integer.MAX_VALUE);
        for (Bytes fact : facts) {
            if (!batch.tryAppend(nowMillis, null, fact, List.of())) {
                throw new IllegalStateException("no room for a fact of " + fact.size() + " bytes");
            }
        }
        Bytes built = batch.build();
        return Payload.wrap(built.unsafeArray(), built.unsafeOffset(), built.size());
    }

    /**
     * Takes out all facts from an offset on.
     *
     * @return the offset after the last; {@code from} if there are none
     */
    static long decode(Payload batches, long from, Consumer<Fact> each) {
        long next = from;
        for (RecordBatch batch :
                RecordBatches.iterate(Bytes.wrap(batches.array(), batches.arrayOffset(), batches.sizeBytes()))) {
            for (StoredRecord record : batch.records()) {
                if (record.offset() >= from) {
                    Optional.ofNullable(record.value())
                            .map(GroupJson::decodeFact)
                            .ifPresent(each);
                }
            }
            next = Math.max(next, batch.nextOffset());
        }
        return next;
    }
}
