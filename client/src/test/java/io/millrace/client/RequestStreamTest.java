package io.millrace.client;

import static io.millrace.client.ClientFixture.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import io.millrace.protocol.v1.ProduceStreamRequest;
import io.millrace.protocol.v1.ProduceStreamResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A stream against a server that does what the test says, message by message. */
@Timeout(30)
class RequestStreamTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    private final ExecutorService threads = Executors.newCachedThreadPool(ClientThreads.named("test-stream"));
    private final BlockingQueue<ProduceStreamRequest> arrived = new ArrayBlockingQueue<>(100);
    private final CompletableFuture<StreamObserver<ProduceStreamResponse>> answers = new CompletableFuture<>();
    private final List<Boolean> reached = new CopyOnWriteArrayList<>();
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private Server server;
    private ManagedChannel channel;
    private RequestStream<ProduceRequest, ProduceResponse, ?, ?> stream;

    @BeforeEach
    void open() throws IOException {
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .addService(new Scripted())
                .build()
                .start();
        HostPort address = new HostPort("127.0.0.1", server.getPort());
        channel = NettyChannelBuilder.forAddress(address.host(), address.port())
                .usePlaintext()
                .build();
        stream = new RequestStream<>(RequestStream.Kind.PRODUCE, channel, address, threads, reached::add);
    }

    @AfterEach
    void close() {
        channel.shutdownNow();
        server.shutdownNow();
        threads.shutdownNow();
    }

    private final class Scripted extends MessageServiceGrpc.MessageServiceImplBase {
        @Override
        public StreamObserver<ProduceStreamRequest> produceStream(StreamObserver<ProduceStreamResponse> observer) {
            answers.complete(observer);
            return new StreamObserver<>() {
                @Override
                public void onNext(ProduceStreamRequest message) {
                    arrived.add(message);
                }

                @Override
                public void onError(Throwable thrown) {
                    cancelled.countDown();
                }

                @Override
                public void onCompleted() {}
            };
        }
    }

    @Test
    void requestsArriveInOrderAndAnswersComeInAny() throws InterruptedException {
        CompletableFuture<ProduceResponse> first = send(1, LONG);
        CompletableFuture<ProduceResponse> second = send(2, LONG);
        ProduceStreamRequest one = arrived.take();
        ProduceStreamRequest two = arrived.take();
        assertThat(one.getRequest().getPartition()).isEqualTo(1);
        assertThat(two.getRequest().getPartition()).isEqualTo(2);
        assertThat(one.getTimeoutMillis()).isEqualTo(60_000);

        answer(two, 22);
        assertThat(second.join().getBaseOffset()).isEqualTo(22);
        assertThat(first).isNotDone();
        answer(one, 11);
        assertThat(first.join().getBaseOffset()).isEqualTo(11);
        assertThat(reached).containsExactly(true, true);
    }

    @Test
    void whoBlocksOnAnAnswerDoesNotKeepOthersBack() throws InterruptedException {
        CompletableFuture<ProduceResponse> second = new CompletableFuture<>();
        CompletableFuture<Long> sum = send(1, LONG)
                .thenApply(first -> first.getBaseOffset() + second.join().getBaseOffset());
        Futures.then(send(2, LONG), second::complete, second::completeExceptionally);
        answer(arrived.take(), 1);
        answer(arrived.take(), 2);
        assertThat(sum.join()).isEqualTo(3);
    }

    @Test
    void aFailedRequestEndsNothingElse() throws InterruptedException {
        CompletableFuture<ProduceResponse> failing = send(1, LONG);
        CompletableFuture<ProduceResponse> other = send(2, LONG);
        answers.join()
                .onNext(ProduceStreamResponse.newBuilder()
                        .setCorrelationId(arrived.take().getCorrelationId())
                        .setError(io.millrace.protocol.v1.Error.newBuilder()
                                .setStatusCode(Status.Code.UNAVAILABLE.value())
                                .setReason(ErrorReason.NO_LEADER)
                                .setMessage("nobody leads")
                                .putMetadata("leader", "3")
                                .setRetryDelayMillis(70))
                        .build());
        MillraceException failure = failureOf(failing);
        assertThat(failure.reason()).isEqualTo(FailureReason.NO_LEADER);
        assertThat(failure.isOutcomeUnknown()).isFalse();
        assertThat(failure.metadata()).containsEntry("leader", "3");
        assertThat(failure.retryDelay()).contains(Duration.ofMillis(70));
        answer(arrived.take(), 5);
        assertThat(other.join().getBaseOffset()).isEqualTo(5);
    }

    @Test
    void ofAStreamThatEndsNobodyKnowsWhatBecameOfTheUnanswered() throws InterruptedException {
        CompletableFuture<ProduceResponse> unanswered = send(1, LONG);
        arrived.take();
        answers.join().onCompleted();
        MillraceException failure = failureOf(unanswered);
        assertThat(failure.reason()).isEqualTo(FailureReason.CONNECTION_LOST);
        assertThat(failure.isOutcomeUnknown()).isTrue();
        assertThat(stream.hasEnded()).isTrue();
        assertThat(failureOf(stream.send(request(2), LONG)).isOutcomeUnknown()).isFalse();
        assertThat(reached).containsExactly(false);
    }

    @Test
    void aBrokerThatEndsAnUnusedStreamIsAvoided() throws InterruptedException {
        CompletableFuture<ProduceResponse> answered = send(1, LONG);
        answer(arrived.take(), 0);
        answered.join();
        answers.join().onCompleted();
        while (reached.size() < 2) {
            Thread.onSpinWait();
        }
        assertThat(reached).containsExactly(true, false);
    }

    /** The broker cannot say whose message it was, only how large. */
    @Test
    void aMessageThatIsTooLargeIsRefusedAndTheOthersAreLost() throws InterruptedException {
        CompletableFuture<ProduceResponse> small = send(1, LONG);
        ProduceRequest batch = ProduceRequest.newBuilder()
                .setRecordBatches(ByteString.copyFrom(new byte[1000]))
                .build();
        CompletableFuture<ProduceResponse> large = stream.send(batch, LONG);
        arrived.take();
        int size = arrived.take().getSerializedSize();
        answers.join()
                .onError(FakeCluster.error(
                        Status.Code.INVALID_ARGUMENT,
                        ErrorReason.MESSAGE_TOO_LARGE,
                        null,
                        Map.of("size_bytes", "" + size, "limit_bytes", "500")));
        assertThat(failureOf(large).reason()).isEqualTo(FailureReason.MESSAGE_TOO_LARGE);
        assertThat(failureOf(large).isOutcomeUnknown()).isFalse();
        assertThat(failureOf(small).reason()).isEqualTo(FailureReason.CONNECTION_LOST);
        assertThat(failureOf(small).isOutcomeUnknown()).isTrue();
    }

    @Test
    void aRequestThatIsNotAnsweredInTimeEndsTheStream() throws InterruptedException {
        CompletableFuture<ProduceResponse> patient = send(1, LONG);
        CompletableFuture<ProduceResponse> hasty = send(2, Duration.ofMillis(50));
        assertThat(failureOf(hasty).reason()).isIn(FailureReason.NO_ANSWER, FailureReason.CONNECTION_FAILED);
        assertThat(failureOf(patient).isRetriable()).isTrue();
        assertThat(stream.hasEnded()).isTrue();
        if (failureOf(hasty).reason() == FailureReason.NO_ANSWER) { // else it never got there
            answers.join();
            cancelled.await();
        }
    }

    @Test
    void withoutAConnectionNothingWasSent() {
        int port = server.getPort();
        server.shutdownNow();
        RequestStream<ProduceRequest, ProduceResponse, ?, ?> refused = new RequestStream<>(
                RequestStream.Kind.PRODUCE,
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build(),
                new HostPort("127.0.0.1", port),
                threads,
                reached::add);
        MillraceException failure = failureOf(refused.send(request(1), LONG));
        assertThat(failure.reason()).isEqualTo(FailureReason.CONNECTION_FAILED);
        assertThat(failure.isOutcomeUnknown()).isFalse();
        while (reached.isEmpty()) {
            Thread.onSpinWait(); // it may have ended before the request was there
        }
        assertThat(reached).containsOnly(false); // the one that was opened before, too
        assertThat(refused.hasEnded()).isTrue();
    }

    private void answer(ProduceStreamRequest request, long baseOffset) {
        answers.join()
                .onNext(ProduceStreamResponse.newBuilder()
                        .setCorrelationId(request.getCorrelationId())
                        .setResponse(ProduceResponse.newBuilder().setBaseOffset(baseOffset))
                        .build());
    }

    private CompletableFuture<ProduceResponse> send(int partition, Duration timeout) {
        return stream.send(request(partition), timeout);
    }

    private static ProduceRequest request(int partition) {
        return ProduceRequest.newBuilder().setTopic("t").setPartition(partition).build();
    }
}
