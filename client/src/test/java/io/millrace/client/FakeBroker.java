package io.millrace.client;

import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.millrace.client.FakeCluster.FakePartition;
import io.millrace.protocol.TopicName;
import io.millrace.protocol.v1.AdminServiceGrpc;
import io.millrace.protocol.v1.ClusterServiceGrpc;
import io.millrace.protocol.v1.CommitOffsetsRequest;
import io.millrace.protocol.v1.CommitOffsetsResponse;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.CreateTopicResponse;
import io.millrace.protocol.v1.DeleteTopicRequest;
import io.millrace.protocol.v1.DeleteTopicResponse;
import io.millrace.protocol.v1.DescribeTopicRequest;
import io.millrace.protocol.v1.DescribeTopicResponse;
import io.millrace.protocol.v1.Error;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.FetchOffsetsRequest;
import io.millrace.protocol.v1.FetchOffsetsResponse;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.FetchStreamRequest;
import io.millrace.protocol.v1.FetchStreamResponse;
import io.millrace.protocol.v1.GetHealthRequest;
import io.millrace.protocol.v1.GetHealthResponse;
import io.millrace.protocol.v1.GetMetadataRequest;
import io.millrace.protocol.v1.GetMetadataResponse;
import io.millrace.protocol.v1.GetOffsetsRequest;
import io.millrace.protocol.v1.GetOffsetsResponse;
import io.millrace.protocol.v1.GroupServiceGrpc;
import io.millrace.protocol.v1.HeartbeatRequest;
import io.millrace.protocol.v1.HeartbeatResponse;
import io.millrace.protocol.v1.InitProducerRequest;
import io.millrace.protocol.v1.InitProducerResponse;
import io.millrace.protocol.v1.LeaveGroupRequest;
import io.millrace.protocol.v1.LeaveGroupResponse;
import io.millrace.protocol.v1.ListTopicsRequest;
import io.millrace.protocol.v1.ListTopicsResponse;
import io.millrace.protocol.v1.MessageServiceGrpc;
import io.millrace.protocol.v1.Partition;
import io.millrace.protocol.v1.PartitionState;
import io.millrace.protocol.v1.ProduceStreamRequest;
import io.millrace.protocol.v1.ProduceStreamResponse;
import io.millrace.protocol.v1.Topic;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One server of a {@link FakeCluster}. It can be killed, and started again at the same address. */
public final class FakeBroker {
    private final int id;
    private final FakeCluster cluster;
    private final ExecutorService executor = Executors.newCachedThreadPool(ClientThreads.named("fake-broker"));
    private final int port;
    private volatile @Nullable Server server;

    FakeBroker(int id, FakeCluster cluster) {
        this.id = id;
        this.cluster = cluster;
        Server started = start(0);
        this.server = started;
        this.port = started.getPort();
    }

    public int id() {
        return id;
    }

    public HostPort address() {
        return new HostPort("127.0.0.1", port);
    }

    public boolean isRunning() {
        return server != null;
    }

    /** Breaks all connections; what is under way stays unanswered. */
    public void kill() {
        Server running = server;
        server = null;
        if (running != null) {
            running.shutdownNow();
            try {
                running.awaitTermination();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    public void restart() {
        server = start(port);
    }

    void stop() {
        Server running = server;
        server = null;
        if (running != null) {
            running.shutdownNow();
        }
        executor.shutdownNow();
    }

    private Server start(int atPort) {
        try {
            return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), atPort))
                    .executor(executor)
                    .addService(new Messages())
                    .addService(new Clusters())
                    .addService(new Groups())
                    .addService(new Admins())
                    .maxInboundMessageSize(64 * 1024 * 1024)
                    .build()
                    .start();
        } catch (IOException e) {
            throw FakeCluster.unchecked(e);
        }
    }

    private static <T> void answer(StreamObserver<T> observer, Callable<T> work) {
        try {
            T value = work.call();
            observer.onNext(value);
            observer.onCompleted();
        } catch (Exception e) {
            observer.onError(e);
        }
    }

    private final class Messages extends MessageServiceGrpc.MessageServiceImplBase {
        @Override
        public void initProducer(InitProducerRequest request, StreamObserver<InitProducerResponse> observer) {
            answer(observer, cluster::initProducer);
        }

        @Override
        public StreamObserver<ProduceStreamRequest> produceStream(StreamObserver<ProduceStreamResponse> observer) {
            return new ProduceRequests(observer);
        }

        @Override
        public void fetch(FetchRequest request, StreamObserver<FetchResponse> observer) {
            answer(observer, () -> cluster.fetch(id, request));
        }

        @Override
        public StreamObserver<FetchStreamRequest> fetchStream(StreamObserver<FetchStreamResponse> observer) {
            return new FetchRequests(observer);
        }

        @Override
        public void getOffsets(GetOffsetsRequest request, StreamObserver<GetOffsetsResponse> observer) {
            answer(observer, () -> {
                synchronized (cluster) {
                    FakePartition partition = cluster.leaderOf(id, request.getTopic(), request.getPartition());
                    GetOffsetsResponse.Builder response = GetOffsetsResponse.newBuilder()
                            .setEarliest(partition.startOffset)
                            .setLatest(partition.records.size());
                    if (request.hasTimestampMillis()) {
                        partition.records.stream()
                                .filter(record -> record.timestampMillis() >= request.getTimestampMillis())
                                .findFirst()
                                .ifPresent(found -> response.setOffsetAtTimestamp(found.offset())
                                        .setTimestampMillis(found.timestampMillis()));
                    }
                    return response.build();
                }
            });
        }
    }

    private final class Groups extends GroupServiceGrpc.GroupServiceImplBase {
        @Override
        public void heartbeat(HeartbeatRequest request, StreamObserver<HeartbeatResponse> observer) {
            answer(observer, () -> cluster.groups().heartbeat(request));
        }

        @Override
        public void leaveGroup(LeaveGroupRequest request, StreamObserver<LeaveGroupResponse> observer) {
            answer(observer, () -> cluster.groups().leave(request));
        }

        @Override
        public void commitOffsets(CommitOffsetsRequest request, StreamObserver<CommitOffsetsResponse> observer) {
            answer(observer, () -> cluster.groups().commit(request));
        }

        @Override
        public void fetchOffsets(FetchOffsetsRequest request, StreamObserver<FetchOffsetsResponse> observer) {
            answer(observer, () -> cluster.groups().fetchOffsets(request));
        }
    }

    /** One stream. Requests are taken in order; a fault may keep one back, and only that one. */
    private final class ProduceRequests extends StreamRequests<ProduceStreamRequest, ProduceStreamResponse> {
        ProduceRequests(StreamObserver<ProduceStreamResponse> answers) {
            super(answers);
        }

        @Override
        void take(ProduceStreamRequest message) {
            FakeCluster.Production production = cluster.produce(id, message.getRequest());
            if (production.mayBlock()) {
                executor.execute(() -> run(message, production));
            } else {
                run(message, production);
            }
        }

        private void run(ProduceStreamRequest message, FakeCluster.Production production) {
            ProduceStreamResponse.Builder answer =
                    ProduceStreamResponse.newBuilder().setCorrelationId(message.getCorrelationId());
            answer(() -> answer.setResponse(production.run()).build(), error -> answer.setError(error)
                    .build());
        }
    }

    private final class FetchRequests extends StreamRequests<FetchStreamRequest, FetchStreamResponse> {
        FetchRequests(StreamObserver<FetchStreamResponse> answers) {
            super(answers);
        }

        @Override
        void take(FetchStreamRequest message) {
            FetchStreamResponse.Builder answer =
                    FetchStreamResponse.newBuilder().setCorrelationId(message.getCorrelationId());
            executor.execute(() -> answer(
                    () -> answer.setResponse(cluster.fetch(id, message.getRequest()))
                            .build(),
                    error -> answer.setError(error).build()));
        }
    }

    private abstract static class StreamRequests<M, A> implements StreamObserver<M> {
        private final StreamObserver<A> answers;
        private int open = 1;

        StreamRequests(StreamObserver<A> answers) {
            this.answers = answers;
        }

        abstract void take(M message);

        @Override
        public void onNext(M message) {
            synchronized (this) {
                open++;
            }
            take(message);
        }

        void answer(Callable<A> work, Function<Error, A> failed) {
            A answer;
            try {
                answer = work.call();
            } catch (StatusRuntimeException e) {
                Error error = FakeCluster.inStream(e);
                if (error == null) {
                    fail(e); // no broker's word: the stream breaks
                    return;
                }
                answer = failed.apply(error);
            } catch (Exception e) {
                fail(e);
                return;
            }
            synchronized (this) {
                if (open > 0) {
                    answers.onNext(answer);
                }
            }
            oneLess();
        }

        private synchronized void fail(Throwable thrown) {
            if (open > 0) {
                open = 0;
                answers.onError(thrown);
            }
        }

        private synchronized void oneLess() {
            open--;
            if (open == 0) {
                answers.onCompleted();
            }
        }

        @Override
        public void onError(Throwable thrown) {
            synchronized (this) {
                open = 0;
            }
        }

        @Override
        public void onCompleted() {
            oneLess();
        }
    }

    private final class Clusters extends ClusterServiceGrpc.ClusterServiceImplBase {
        @Override
        public void getMetadata(GetMetadataRequest request, StreamObserver<GetMetadataResponse> observer) {
            answer(observer, () -> cluster.metadata(id, request.getTopicsList()));
        }

        @Override
        public void getHealth(GetHealthRequest request, StreamObserver<GetHealthResponse> observer) {
            answer(observer, () -> cluster.health(id));
        }
    }

    private final class Admins extends AdminServiceGrpc.AdminServiceImplBase {
        @Override
        public void createTopic(CreateTopicRequest request, StreamObserver<CreateTopicResponse> observer) {
            answer(observer, () -> {
                if (TopicName.problemWithCreating(request.getName()).isPresent()) {
                    throw FakeCluster.error(
                            Status.Code.INVALID_ARGUMENT,
                            ErrorReason.INVALID_TOPIC_NAME,
                            null,
                            Map.of("topic", request.getName()));
                }
                if (cluster.exists(request.getName())) {
                    throw FakeCluster.error(
                            Status.Code.ALREADY_EXISTS,
                            ErrorReason.TOPIC_ALREADY_EXISTS,
                            null,
                            Map.of("topic", request.getName()));
                }
                cluster.createTopic(request.getName(), request.getPartitions(), request.getSettingsMap());
                cluster.created.add(request);
                return CreateTopicResponse.newBuilder()
                        .setTopic(cluster.describe(request.getName()))
                        .build();
            });
        }

        @Override
        public void deleteTopic(DeleteTopicRequest request, StreamObserver<DeleteTopicResponse> observer) {
            answer(observer, () -> {
                cluster.deleteTopic(request.getName());
                return DeleteTopicResponse.getDefaultInstance();
            });
        }

        @Override
        public void listTopics(ListTopicsRequest request, StreamObserver<ListTopicsResponse> observer) {
            answer(observer, () -> ListTopicsResponse.newBuilder()
                    .addAllTopics(cluster.topics())
                    .build());
        }

        @Override
        public void describeTopic(DescribeTopicRequest request, StreamObserver<DescribeTopicResponse> observer) {
            answer(observer, () -> {
                Topic topic = cluster.describe(request.getName());
                DescribeTopicResponse.Builder described =
                        DescribeTopicResponse.newBuilder().setTopic(topic);
                for (int number = 0; number < topic.getPartitionsCount(); number++) {
                    Partition partition = topic.getPartitions(number);
                    PartitionState.Builder state = PartitionState.newBuilder().setPartition(number);
                    if (partition.hasLeader()
                            && cluster.broker(partition.getLeader()).isRunning()) {
                        state.setLogStartOffset(0)
                                .setHighWatermark(cluster.records(request.getName(), number)
                                        .size())
                                .setSizeBytes(0)
                                .addAllInSyncReplicas(partition.getReplicasList());
                    }
                    described.addPartitions(state);
                }
                return described.build();
            });
        }
    }
}
