package io.millrace.client;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.StoredRecord;
import io.millrace.protocol.v1.Affected;
import io.millrace.protocol.v1.Broker;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.Error;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.GetHealthResponse;
import io.millrace.protocol.v1.GetMetadataResponse;
import io.millrace.protocol.v1.InitProducerResponse;
import io.millrace.protocol.v1.Partition;
import io.millrace.protocol.v1.Problem;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import io.millrace.protocol.v1.ReadFrom;
import io.millrace.protocol.v1.Topic;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Brokers of the real protocol over real connections, with their records in memory and trouble to order. Every broker routes,
 * as the real ones do, unless {@link #strictLeaders} is set.
 */
public final class FakeCluster implements AutoCloseable {
    /** What becomes of one produce request. */
    @FunctionalInterface
    public interface Fault {
        /** Called in place of the usual; {@code append} does the usual and gives its answer. Throws to fail the call. */
        ProduceResponse handle(Append append) throws InterruptedException;
    }

    /** The usual course of a produce request. */
    @FunctionalInterface
    public interface Append {
        ProduceResponse run();
    }

    private static final int REMEMBERED_BATCHES = 5;

    /** A batch of a producer. */
    private record Written(short epoch, int baseSequence, int recordCount, long baseOffset) {
        int nextSequence() {
            return baseSequence + recordCount & Integer.MAX_VALUE;
        }
    }

    static final class FakePartition {
        /** Of each producer its last batches, the latest at the end. */
        private final Map<Long, List<Written>> producers = new TreeMap<>();

        final ByteArrayOutputStream log = new ByteArrayOutputStream();
        final List<StoredRecord> records = new ArrayList<>();

        @Nullable Integer leader;

        long term = 1;
        long startOffset;
    }

    record FakeTopic(long id, int replicationFactor, Map<String, String> settings, List<FakePartition> partitions) {}

    /** As clients asked for topics, in order. */
    public final List<CreateTopicRequest> created = new CopyOnWriteArrayList<>();

    private final Map<Integer, FakeBroker> brokers = new TreeMap<>();
    private final Map<String, FakeTopic> topics = new TreeMap<>();
    private final Deque<Fault> produceFaults = new ConcurrentLinkedDeque<>();
    private final Deque<RuntimeException> fetchFailures = new ConcurrentLinkedDeque<>();
    private final List<String> produceLog = new ArrayList<>();
    private final List<String> fetchLog = new ArrayList<>();
    private final List<String> metadataLog = new ArrayList<>();
    private final FakeGroups groups = new FakeGroups(this::topics);
    private long nextTopicId = 1;
    private int producersMade;
    private int requestBytesMax = Integer.MAX_VALUE;
    private boolean strictLeaders;

    public FakeCluster(int size) {
        for (int id = 1; id <= size; id++) {
            brokers.put(id, new FakeBroker(id, this));
        }
    }

    @Override
    public void close() {
        brokers.values().forEach(FakeBroker::stop);
    }

    /** All brokers' addresses, as an option takes them. */
    public String bootstrap() {
        return String.join(
                ",", brokers.values().stream().map(b -> b.address().toString()).toList());
    }

    public void createTopic(String name, int partitions) {
        createTopic(name, partitions, Map.of());
    }

    synchronized void createTopic(String name, int partitions, Map<String, String> settings) {
        List<Integer> ids = List.copyOf(brokers.keySet());
        List<FakePartition> list = IntStream.range(0, partitions)
                .mapToObj(p -> {
                    FakePartition partition = new FakePartition();
                    partition.leader = ids.get(p % ids.size());
                    return partition;
                })
                .toList();
        topics.put(name, new FakeTopic(nextTopicId++, Math.min(3, ids.size()), settings, list));
    }

    synchronized void deleteTopic(String name) {
        topic(name);
        topics.remove(name);
    }

    FakeGroups groups() {
        return groups;
    }

    public FakeBroker broker(int id) {
        return Objects.requireNonNull(brokers.get(id));
    }

    /** Faults for the next produce requests, whichever broker they come to; one each, in order. */
    public void nextProduce(Fault... faults) {
        produceFaults.addAll(List.of(faults));
    }

    /** Requests and single records above this are refused. */
    public synchronized void limitRequestsTo(int bytes) {
        requestBytesMax = bytes;
    }

    /** From now on a broker that is not the leader says so, with a hint, instead of passing the request on. */
    public synchronized void strictLeaders() {
        strictLeaders = true;
    }

    public synchronized void moveLeader(String topic, int partition, @Nullable Integer leader) {
        FakePartition target = topic(topic).partitions().get(partition);
        target.leader = leader;
        target.term++;
    }

    /** The first offset that can be read is this from now on. */
    public synchronized void trim(String topic, int partition, long startOffset) {
        topic(topic).partitions().get(partition).startOffset = startOffset;
    }

    public synchronized List<StoredRecord> records(String topic, int partition) {
        return List.copyOf(topic(topic).partitions().get(partition).records);
    }

    public List<String> values(String topic, int partition) {
        return records(topic, partition).stream()
                .map(r -> r.value() == null ? "null" : r.value().toUtf8())
                .toList();
    }

    /** Of each batch, in order. */
    public synchronized List<Compression> compressions(String topic, int partition) {
        byte[] log = topic(topic).partitions().get(partition).log.toByteArray();
        List<Compression> found = new ArrayList<>();
        RecordBatches.iterate(io.millrace.protocol.Bytes.wrap(log)).forEach(batch -> found.add(batch.compression()));
        return found;
    }

    /** Which broker got a produce request for which partition, in order: {@code 1<orders-0}. */
    public synchronized List<String> produceLog() {
        return List.copyOf(produceLog);
    }

    public synchronized List<String> metadataLog() {
        return List.copyOf(metadataLog);
    }

    public static StatusRuntimeException error(
            Status.Code code, ErrorReason reason, @Nullable Duration retryDelay, Map<String, String> metadata) {
        com.google.rpc.Status.Builder status = com.google.rpc.Status.newBuilder()
                .setCode(code.value())
                .setMessage("fake " + reason)
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setDomain("millrace")
                        .setReason(reason.name())
                        .putAllMetadata(metadata)
                        .build()));
        if (retryDelay != null) {
            status.addDetails(Any.pack(RetryInfo.newBuilder()
                    .setRetryDelay(com.google.protobuf.Duration.newBuilder()
                            .setSeconds(retryDelay.toSeconds())
                            .setNanos(retryDelay.toNanosPart()))
                    .build()));
        }
        return StatusProto.toStatusRuntimeException(status.build());
    }

    /** A request that was taken, and is still to be handled. */
    final class Production {
        private final int broker;
        private final ProduceRequest request;
        private final @Nullable Fault fault;

        private Production(int broker, ProduceRequest request, @Nullable Fault fault) {
            this.broker = broker;
            this.request = request;
            this.fault = fault;
        }

        boolean mayBlock() {
            return fault != null;
        }

        ProduceResponse run() throws InterruptedException {
            return fault == null ? append(broker, request) : fault.handle(() -> append(broker, request));
        }
    }

    synchronized Production produce(int broker, ProduceRequest request) {
        produceLog.add(broker + "<" + request.getTopic() + "-" + request.getPartition());
        return new Production(broker, request, produceFaults.poll());
    }

    /** What a broker says of a failed request without ending the stream; null if it is not what a broker says. */
    static @Nullable Error inStream(StatusRuntimeException thrown) {
        com.google.rpc.Status status = StatusProto.fromThrowable(thrown);
        if (status == null || status.getDetailsCount() == 0) {
            return null;
        }
        try {
            ErrorInfo info = status.getDetails(0).unpack(ErrorInfo.class);
            Error.Builder error = Error.newBuilder()
                    .setStatusCode(status.getCode())
                    .setReason(ErrorReason.valueOf(info.getReason()))
                    .setMessage(status.getMessage())
                    .putAllMetadata(info.getMetadataMap());
            if (status.getDetailsCount() > 1) {
                com.google.protobuf.Duration delay =
                        status.getDetails(1).unpack(RetryInfo.class).getRetryDelay();
                error.setRetryDelayMillis((int) (delay.getSeconds() * 1000 + delay.getNanos() / 1_000_000));
            }
            return error.build();
        } catch (InvalidProtocolBufferException e) {
            throw new UncheckedIOException(e);
        }
    }

    private synchronized ProduceResponse append(int broker, ProduceRequest request) {
        FakePartition partition = leaderOf(broker, request.getTopic(), request.getPartition());
        byte[] bytes = request.getRecordBatches().toByteArray();
        if (bytes.length > requestBytesMax) {
            throw error(
                    Status.Code.INVALID_ARGUMENT,
                    ErrorReason.MESSAGE_TOO_LARGE,
                    null,
                    Map.of("size_bytes", "" + bytes.length, "limit_bytes", "" + requestBytesMax));
        }
        Written original = checkSequence(partition, RecordBatch.at(io.millrace.protocol.Bytes.wrap(bytes), 0));
        if (original != null) {
            return ProduceResponse.newBuilder()
                    .setPartition(request.getPartition())
                    .setBaseOffset(original.baseOffset())
                    .setRecordCount(original.recordCount())
                    .setDuplicate(true)
                    .build();
        }
        long base = partition.records.size();
        RecordBatches.assignOffsets(bytes, 0, bytes.length, base, 1);
        int count = 0;
        for (RecordBatch batch : RecordBatches.iterate(io.millrace.protocol.Bytes.wrap(bytes))) {
            batch.validateRecords();
            for (StoredRecord record : batch.records()) {
                partition.records.add(record);
                count++;
            }
        }
        partition.log.writeBytes(bytes);
        notifyAll();
        return ProduceResponse.newBuilder()
                .setPartition(request.getPartition())
                .setBaseOffset(base)
                .setRecordCount(count)
                .setFlushPolicy(
                        topic(request.getTopic()).settings().containsValue("os")
                                ? ProduceResponse.FlushPolicy.OS
                                : ProduceResponse.FlushPolicy.COMMIT)
                .build();
    }

    /** The next fetches, whichever broker they come to, fail with these; one each, in order. */
    public void failNextFetch(RuntimeException... failures) {
        fetchFailures.addAll(List.of(failures));
    }

    /** Which broker got a fetch of which partition at which offset, in order: {@code 1<orders-0@7}. */
    public synchronized List<String> fetchLog() {
        return List.copyOf(fetchLog);
    }

    /** As a broker: at the end it waits, for as long as it may. */
    synchronized FetchResponse fetch(int broker, FetchRequest request) throws InterruptedException {
        fetchLog.add(broker + "<" + request.getTopic() + "-" + request.getPartition() + "@" + request.getOffset());
        RuntimeException failure = fetchFailures.poll();
        if (failure != null) {
            throw failure;
        }
        FakePartition partition = request.getReadFrom() == ReadFrom.ANY_REPLICA
                ? topic(request.getTopic()).partitions().get(request.getPartition())
                : leaderOf(broker, request.getTopic(), request.getPartition());
        long deadlineNanos = System.nanoTime() + request.getMaxWaitMillis() * 1_000_000L;
        while (request.getOffset() == partition.records.size() && deadlineNanos - System.nanoTime() > 1_000_000) {
            wait(Math.max(1, (deadlineNanos - System.nanoTime()) / 1_000_000));
        }
        return read(request, partition);
    }

    private static FetchResponse read(FetchRequest request, FakePartition partition) {
        long end = partition.records.size();
        if (request.getOffset() < partition.startOffset || request.getOffset() > end) {
            throw error(
                    Status.Code.OUT_OF_RANGE,
                    ErrorReason.OFFSET_OUT_OF_RANGE,
                    null,
                    Map.of(
                            "offset", "" + request.getOffset(),
                            "earliest_offset", "" + partition.startOffset,
                            "latest_offset", "" + end));
        }
        ByteString.Output out = ByteString.newOutput();
        for (RecordBatch batch : RecordBatches.iterate(io.millrace.protocol.Bytes.wrap(partition.log.toByteArray()))) {
            boolean full = out.size() > 0 && out.size() + batch.sizeInBytes() > request.getMaxBytes();
            if (batch.nextOffset() > request.getOffset() && !full) {
                byte[] bytes = batch.bytes().toByteArray();
                out.write(bytes, 0, bytes.length);
            } else if (full) {
                break;
            }
        }
        return FetchResponse.newBuilder()
                .setPartition(request.getPartition())
                .setRecordBatches(out.toByteString())
                .setLogStartOffset(partition.startOffset)
                .setHighWatermark(end)
                .build();
    }

    synchronized InitProducerResponse initProducer() {
        producersMade++;
        return InitProducerResponse.newBuilder()
                .setProducerId(1_000 + producersMade)
                .build();
    }

    public synchronized int producersMade() {
        return producersMade;
    }

    /** As if so many others had written since that the partition remembers no producer. */
    public synchronized void forgetProducers(String topic, int partition) {
        topic(topic).partitions().get(partition).producers.clear();
    }

    /** What a partition's leader does; the original if it is a duplicate. */
    private static @Nullable Written checkSequence(FakePartition partition, RecordBatch batch) {
        if (!batch.hasProducer()) {
            return null;
        }
        List<Written> known = partition.producers.getOrDefault(batch.producerId(), List.of());
        boolean begins = batch.baseSequence() == 0;
        if (known.isEmpty() && !begins) {
            throw refused(ErrorReason.UNKNOWN_PRODUCER);
        }
        List<Written> kept = new ArrayList<>();
        if (!known.isEmpty()) {
            Written last = known.get(known.size() - 1);
            if (batch.producerEpoch() < last.epoch()) {
                throw refused(ErrorReason.PRODUCER_FENCED);
            }
            boolean sameEpoch = batch.producerEpoch() == last.epoch();
            for (Written written : known) {
                if (sameEpoch
                        && batch.baseSequence() == written.baseSequence()
                        && batch.recordCount() == written.recordCount()) {
                    return written;
                }
            }
            if (sameEpoch ? batch.baseSequence() != last.nextSequence() : !begins) {
                throw refused(ErrorReason.OUT_OF_ORDER_SEQUENCE);
            }
            if (sameEpoch) {
                kept.addAll(known.subList(Math.max(0, known.size() - REMEMBERED_BATCHES + 1), known.size()));
            }
        }
        kept.add(new Written(
                batch.producerEpoch(), batch.baseSequence(), batch.recordCount(), partition.records.size()));
        partition.producers.put(batch.producerId(), kept);
        return null;
    }

    private static StatusRuntimeException refused(ErrorReason reason) {
        return error(Status.Code.FAILED_PRECONDITION, reason, null, Map.of());
    }

    synchronized GetMetadataResponse metadata(int asked, List<String> names) {
        metadataLog.add(asked + "<" + names);
        GetMetadataResponse.Builder answer =
                GetMetadataResponse.newBuilder().setClusterId("fake").setControllerId(1);
        for (FakeBroker broker : brokers.values()) {
            answer.addBrokers(Broker.newBuilder()
                    .setId(broker.id())
                    .setHost(broker.address().host())
                    .setPort(broker.address().port())
                    .setHttpHost("127.0.0.1")
                    .setHttpPort(9191 + broker.id())
                    .setRack("rack-" + broker.id())
                    .setAlive(broker.isRunning()));
        }
        for (String name : names.isEmpty() ? List.copyOf(topics.keySet()) : names) {
            answer.addTopics(describe(name));
        }
        return answer.build();
    }

    /** Brokers miss those that are down; broker 2's clock is an hour ahead. */
    synchronized GetHealthResponse health(int asked) {
        List<Affected> down = brokers.values().stream()
                .filter(broker -> !broker.isRunning())
                .map(broker -> Affected.newBuilder()
                        .setSubject("broker " + broker.id())
                        .setDetail("cannot be reached")
                        .setSinceMillis(1_000L * asked)
                        .build())
                .toList();
        GetHealthResponse.Builder answer = GetHealthResponse.newBuilder()
                .setBrokerId(asked)
                .setVersion("fake")
                .setTimeMillis(System.currentTimeMillis())
                .setLeaders(1)
                .setReplicas(3)
                .setLagEntriesMax(7)
                .setDiskFreeBytes(3L << 30);
        if (!down.isEmpty()) {
            answer.setStatus(GetHealthResponse.Status.WARNING)
                    .addProblems(Problem.newBuilder()
                            .setName("BROKER_DOWN")
                            .setSeverity(GetHealthResponse.Status.WARNING)
                            .setCount(down.size())
                            .setSinceMillis(1_000L * asked)
                            .setWhatToDo("Start it.")
                            .addAllAffected(down));
        }
        return answer.build();
    }

    synchronized List<Topic> topics() {
        return topics.keySet().stream().map(this::describe).toList();
    }

    synchronized Topic describe(String name) {
        FakeTopic topic = topic(name);
        Topic.Builder described = Topic.newBuilder()
                .setName(name)
                .setId(topic.id())
                .setReplicationFactor(topic.replicationFactor())
                .putAllSettings(topic.settings());
        for (FakePartition partition : topic.partitions()) {
            Partition.Builder builder = Partition.newBuilder()
                    .setPartition(described.getPartitionsCount())
                    .addAllReplicas(brokers.keySet())
                    .setLeaderTerm(partition.term);
            if (partition.leader != null) {
                builder.setLeader(partition.leader);
            }
            described.addPartitions(builder);
        }
        return described.build();
    }

    synchronized boolean exists(String name) {
        return topics.containsKey(name);
    }

    /** The partition, if this broker may serve it. */
    synchronized FakePartition leaderOf(int broker, String name, int number) {
        FakeTopic topic = topic(name);
        if (number >= topic.partitions().size()) {
            throw error(
                    Status.Code.NOT_FOUND,
                    ErrorReason.UNKNOWN_PARTITION,
                    null,
                    Map.of(
                            "topic",
                            name,
                            "partition",
                            "" + number,
                            "partitions",
                            "" + topic.partitions().size()));
        }
        FakePartition partition = topic.partitions().get(number);
        Integer leader = partition.leader;
        boolean here = leader != null && leader == broker;
        boolean reachable = leader != null && broker(leader).isRunning();
        if (here || (!strictLeaders && reachable)) {
            return partition;
        }
        Map<String, String> data = new TreeMap<>(Map.of("topic", name, "partition", "" + number));
        if (leader != null && reachable) {
            data.put("leader", "" + leader);
            data.put("leader_address", broker(leader).address().toString());
        }
        throw error(Status.Code.UNAVAILABLE, ErrorReason.NO_LEADER, Duration.ofMillis(1), data);
    }

    private FakeTopic topic(String name) {
        FakeTopic topic = topics.get(name);
        if (topic == null) {
            throw error(Status.Code.NOT_FOUND, ErrorReason.UNKNOWN_TOPIC, null, Map.of("topic", name));
        }
        return topic;
    }

    static UncheckedIOException unchecked(IOException e) {
        return new UncheckedIOException(e);
    }
}
