package io.millrace.broker.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.protocol.v1.Error;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.FetchStreamResponse;
import io.millrace.protocol.v1.FetchedPartition;
import io.millrace.protocol.v1.Record;
import java.util.List;
import org.junit.jupiter.api.Test;

class FetchResponseSerializerTest {
    @Test
    void whatIsWrittenAroundTheBatchesIsWhatProtobufReads() throws InvalidProtocolBufferException {
        byte[] log = new byte[400];
        for (int i = 0; i < log.length; i++) {
            log[i] = (byte) i;
        }
        FetchResponse batches = FetchResponse.newBuilder()
                .setPartition(7)
                .setRecordBatches(com.google.protobuf.UnsafeByteOperations.unsafeWrap(log, 50, 300))
                .setLogStartOffset(3)
                .setHighWatermark(1L << 40)
                .build();
        FetchResponse joined = batches.toBuilder()
                .setRecordBatches(batches.getRecordBatches().concat(ByteString.copyFrom(log)))
                .build();
        FetchResponse records = FetchResponse.newBuilder()
                .addRecords(Record.newBuilder().setOffset(4))
                .addPartitions(FetchedPartition.newBuilder().setTopic("orders"))
                .build();
        for (FetchResponse answer : List.of(batches, joined, records, FetchResponse.getDefaultInstance())) {
            assertThat(FetchResponse.parseFrom(
                            FetchResponseSerializer.UNARY.serialize(answer).toArray()))
                    .isEqualTo(answer);
            assertThat(FetchResponseSerializer.UNARY.deserialize(FetchResponseSerializer.UNARY.serialize(answer)))
                    .isEqualTo(answer);
            FetchStreamResponse inStream = FetchStreamResponse.newBuilder()
                    .setCorrelationId(300)
                    .setResponse(answer)
                    .build();
            assertThat(FetchStreamResponse.parseFrom(FetchResponseSerializer.IN_STREAM
                            .serialize(inStream)
                            .toArray()))
                    .isEqualTo(inStream);
        }
        FetchStreamResponse failed = FetchStreamResponse.newBuilder()
                .setCorrelationId(1)
                .setError(Error.newBuilder().setMessage("no"))
                .build();
        assertThat(FetchStreamResponse.parseFrom(
                        FetchResponseSerializer.IN_STREAM.serialize(failed).toArray()))
                .isEqualTo(failed);
    }
}
