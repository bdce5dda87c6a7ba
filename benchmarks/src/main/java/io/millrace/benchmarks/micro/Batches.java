package io.millrace.benchmarks.micro;

import io.millrace.client.load.Payloads;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatchBuilder;
import java.util.List;

/** Record batches as a busy producer sends them. */
final class Batches {
    private static final int BATCH_BYTES_MAX = 256 * 1024;
    private static final long TIMESTAMP_MILLIS = 1_700_000_000_000L;

    private Batches() {}

    /** As many of these values as fit into one batch. */
    static Bytes full(List<Bytes> values) {
        RecordBatchBuilder builder = new RecordBatchBuilder(BATCH_BYTES_MAX);
        int number = 0;
        while (builder.tryAppend(TIMESTAMP_MILLIS, null, values.get(number % values.size()), List.of())) {
            number++;
        }
        return builder.build();
    }

    /** Values of this size. */
    static List<Bytes> values(int sizeBytes) {
        return Payloads.random(sizeBytes).stream().map(Bytes::wrap).toList();
    }
}
