package io.millrace.samples;

import com.google.protobuf.ByteString;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.millrace.client.MillraceClient;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.v1.InitProducerRequest;
import io.millrace.protocol.v1.InitProducerResponse;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.MessageServiceGrpc.MessageServiceBlockingStub;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import java.util.List;

/**
 * What an idempotent producer does when an answer is lost, step by step over the gRPC API. {@link io.millrace.client.Producer}
 * does so by itself, unless told otherwise; this is for those who write a client in another language.
 */
public final class IdempotentRetrySample {
    private static final String TOPIC = "sample-idempotent";
    private static final int BATCH_BYTES_MAX = 64 * 1024;

    private IdempotentRetrySample() {}

    public static void main(String[] args) {
        Sample.run(args, client -> run(client, Sample.bootstrap(args).split(",", -1)[0]));
    }

    private static void run(MillraceClient client, String broker) {
        Sample.createTopic(client, TOPIC, 1);
        ManagedChannel channel = Grpc.newChannelBuilder(broker, InsecureChannelCredentials.create())
                .build();
        try {
            retry(MessageServiceGrpc.newBlockingStub(channel));
        } finally {
            channel.shutdownNow();
        }
    }

    private static void retry(MessageServiceBlockingStub broker) {
        InitProducerResponse producer = broker.initProducer(InitProducerRequest.getDefaultInstance());
        System.out.println("producer " + producer.getProducerId() + ", given to nobody else");

        ProduceRequest first = request(producer, 0, "one", "two", "three");
        ProduceResponse written = broker.produce(first);
        System.out.println("sequence 0 to 2 written at offset " + written.getBaseOffset());

        // Suppose that this answer never came. Was it written? Whoever does not know sends the same bytes again.
        ProduceResponse again = broker.produce(first);
        System.out.println("and sent again: offset " + again.getBaseOffset() + ", duplicate: " + again.getDuplicate());
        Sample.require(again.getDuplicate(), "the cluster knows the batch");
        Sample.require(again.getBaseOffset() == written.getBaseOffset(), "it was not written again");

        ProduceResponse next = broker.produce(request(producer, 3, "four"));
        Sample.require(next.getBaseOffset() == written.getBaseOffset() + 3, "the next one comes right behind");

        try {
            broker.produce(request(producer, 9, "ten"));
            throw new IllegalStateException("a gap was accepted");
        } catch (StatusRuntimeException refused) {
            System.out.println(
                    "a gap in the sequence is refused: " + refused.getStatus().getDescription());
        }
    }

    private static ProduceRequest request(InitProducerResponse producer, int sequence, String... values) {
        RecordBatchBuilder batch = new RecordBatchBuilder(BATCH_BYTES_MAX)
                .producer(producer.getProducerId(), (short) producer.getProducerEpoch(), sequence);
        for (String value : values) {
            batch.tryAppend(System.currentTimeMillis(), null, Bytes.utf8(value), List.of());
        }
        return ProduceRequest.newBuilder()
                .setTopic(TOPIC)
                .setPartition(0)
                .setRecordBatches(ByteString.copyFrom(batch.build().asByteBuffer()))
                .build();
    }
}
