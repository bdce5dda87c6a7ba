package io.millrace.partition.replica;

import io.millrace.partition.raft.Payload;
import io.millrace.partition.state.ProducerBatch;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatch;
import java.util.Optional;

/** What the headers of batches say about their producers. */
final class ProducerBatches {
    private ProducerBatches() {}

    /** Of a request: empty if it has no producer. One that has is the request's only batch; the front door sees to it. */
    static Optional<ProducerBatch> of(Payload request) {
        RecordBatch first = RecordBatch.at(bytesOf(request), 0);
        return first.hasProducer() ? Optional.of(describe(first)) : Optional.empty();
    }

    static ProducerBatch describe(RecordBatch batch) {
        return new ProducerBatch(batch.producerId(), batch.producerEpoch(), batch.baseSequence(), batch.recordCount());
    }

    private static Bytes bytesOf(Payload payload) {
        return Bytes.wrap(payload.array(), payload.arrayOffset(), payload.sizeBytes());
    }
}
