package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.ProduceStreamRequest;
import io.millrace.protocol.v1.ProduceStreamResponse;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A client that is gone in the middle of what it sends. */
class ClientGoneTest extends WithOneBroker {
    private static final int BATCHES = 200;

    private static Bytes numbered(long producerId, int sequence) {
        RecordBatchBuilder builder = new RecordBatchBuilder(MIB);
        assertThat(builder.tryAppend(42, null, Bytes.utf8("v" + sequence), List.of()))
                .isTrue();
        return builder.producer(producerId, (short) 0, sequence).build();
    }

    /** Cancels its stream once it has been answered. */
    private static final class Leaving implements ClientResponseObserver<ProduceStreamRequest, ProduceStreamResponse> {
        final CountDownLatch answered = new CountDownLatch(1);
        final CountDownLatch ended = new CountDownLatch(1);

        @Override
        public void beforeStart(ClientCallStreamObserver<ProduceStreamRequest> call) {}

        @Override
        public void onNext(ProduceStreamResponse answer) {
            answered.countDown();
        }

        @Override
        public void onError(Throwable thrown) {
            ended.countDown();
        }

        @Override
        public void onCompleted() {
            ended.countDown();
        }
    }

    private static void sendAgain(String topic, int sequence) {
        try {
            assertThat(messages.produce(batches(topic, numbered(9, sequence))).getBaseOffset())
                    .isEqualTo(sequence);
        } catch (StatusRuntimeException e) {
            assertThat(told(e).reason()).isEqualTo(ErrorReason.DUPLICATE_TOO_OLD); // it remembers five
        }
    }

    @Test
    void ofABrokenStreamThereIsABeginningAndWhatIsSentAgainIsThereOnce() throws Exception {
        String topic = newTopic(1);
        Leaving client = new Leaving();
        var requests = (ClientCallStreamObserver<ProduceStreamRequest>)
                MessageServiceGrpc.newStub(broker.channel()).produceStream(client);
        for (int i = 0; i < BATCHES; i++) {
            requests.onNext(ProduceStreamRequest.newBuilder()
                    .setCorrelationId(i)
                    .setRequest(batches(topic, numbered(9, i)))
                    .build());
        }
        assertThat(client.answered.await(30, TimeUnit.SECONDS)).isTrue();
        requests.cancel("gone", null);
        assertThat(client.ended.await(30, TimeUnit.SECONDS)).isTrue();

        for (int i = 0; i < BATCHES; i++) {
            sendAgain(topic, i);
        }
        assertThat(messages.fetch(fetch(topic, 0, 0).setMaxBytes(MIB).build()).getRecordsList())
                .extracting(record -> record.getValue().toStringUtf8())
                .isEqualTo(IntStream.range(0, BATCHES).mapToObj(i -> "v" + i).toList());
    }
}
