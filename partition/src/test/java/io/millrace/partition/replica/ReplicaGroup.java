package io.millrace.partition.replica;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.persistence.testkit.PersistenceTestKitPlugin;
import akka.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.Retention;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.RaftSettings;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.partition.state.DedupBounds;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.FlushPolicy;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.StoredRecord;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

/** The replicas of one partition in one actor system: real actors and files, and a network that can be cut. */
final class ReplicaGroup implements AutoCloseable {
    static final Config CONFIG = ConfigFactory.parseString(
                    "akka.actor.provider = local\nakka.loglevel = INFO\nakka.stdout-loglevel = OFF")
            .withFallback(PersistenceTestKitPlugin.config())
            .withFallback(PersistenceTestKitSnapshotPlugin.config())
            .withFallback(ConfigFactory.load());

    static final RaftSettings FAST = new RaftSettings(20, 100, 200, 5, 1 << 20, 8 << 20, 64);
    /** For tests that rely on a leader to stay, on however busy a machine. */
    static final RaftSettings PATIENT_RAFT = new RaftSettings(50, 1_500, 3_000, 5, 1 << 20, 8 << 20, 64);

    static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ActorTestKit kit;
    private final IntFunction<Disk> disks;
    private final RaftSettings raft;
    private final OpenLogs openLogs = new OpenLogs();
    private final LedPartitions led = new LedPartitions();
    private final long topicId;
    /** Asked by each replica for what can be changed while it runs. */
    volatile PartitionSettings settings;

    private final LogSettings logSettings;
    // Replicas read these on threads of their own.
    private volatile FlushPolicy flush;
    private volatile Retention retention;
    private volatile int minInSync = 1;
    private volatile Optional<DedupBounds> dedup;
    /** What leaders take for the time of day. */
    final AtomicLong wallClockMillis = new AtomicLong(1_000_000);

    private final List<Integer> brokers;
    private final Map<Integer, ActorRef<ReplicaMessage>> running = new ConcurrentHashMap<>();
    private final Set<Integer> cutOff = ConcurrentHashMap.newKeySet();
    private final TestProbe<LeaderObserved> observer;
    /** Of all brokers; for replicas that are started from now on. */
    MoveThrottle throttle = new MoveThrottle(() -> MoveThrottle.UNLIMITED);

    ReplicaMetrics metrics = ReplicaMetrics.NONE;
    private long requestId;

    ReplicaGroup(ActorTestKit kit, Path directory, long topicId, PartitionSettings settings, Integer... brokers) {
        this(
                kit,
                broker -> Disk.in(directory.resolve("broker-" + broker), () -> DiskSpace.AMPLE),
                FAST,
                topicId,
                settings,
                brokers);
    }

    /** @param disks by broker; the same one when it starts again */
    ReplicaGroup(
            ActorTestKit kit,
            IntFunction<Disk> disks,
            RaftSettings raft,
            long topicId,
            PartitionSettings settings,
            Integer... brokers) {
        this(kit, disks, raft, topicId, settings, LogSettings.DEFAULT, brokers);
    }

    ReplicaGroup(
            ActorTestKit kit,
            IntFunction<Disk> disks,
            RaftSettings raft,
            long topicId,
            PartitionSettings settings,
            LogSettings logSettings,
            Integer... brokers) {
        this(kit, disks, raft, topicId, settings, logSettings, Retention.FOREVER, brokers);
    }

    ReplicaGroup(
            ActorTestKit kit,
            IntFunction<Disk> disks,
            RaftSettings raft,
            long topicId,
            PartitionSettings settings,
            LogSettings logSettings,
            Retention retention,
            Integer... brokers) {
        this(kit, disks, raft, topicId, settings, logSettings, retention, Optional.empty(), brokers);
    }

    /** @param dedup for partitions that compare records by content */
    ReplicaGroup(
            ActorTestKit kit,
            IntFunction<Disk> disks,
            RaftSettings raft,
            long topicId,
            PartitionSettings settings,
            LogSettings logSettings,
            Retention retention,
            Optional<DedupBounds> dedup,
            Integer... brokers) {
        this.dedup = dedup;
        this.logSettings = logSettings;
        this.flush = logSettings.flush();
        this.retention = retention;
        this.kit = kit;
        this.disks = disks;
        this.raft = raft;
        this.topicId = topicId;
        this.settings = settings;
        this.brokers = List.of(brokers);
        this.observer = kit.createTestProbe();
        this.brokers.forEach(this::start);
    }

    ReplicaId id(int broker) {
        return new ReplicaId("orders", topicId, 0, broker);
    }

    /** Gives the topic other settings, and tells all replicas that run. */
    void reconfigure(FlushPolicy newFlush, Retention newRetention, Optional<DedupBounds> newDedup) {
        flush = newFlush;
        retention = newRetention;
        dedup = newDedup;
        running.values().forEach(replica -> replica.tell(ReplicaMessage.Reconfigure.INSTANCE));
    }

    void reconfigureMinInSync(int replicas) {
        minInSync = replicas;
        reconfigure(flush, retention, dedup);
    }

    void start(int broker) {
        ReplicaContext context = new ReplicaContext(
                disks.apply(broker),
                openLogs,
                led,
                raft,
                logSettings,
                1 << 20,
                new Network(broker),
                new BrokerWatch(),
                new Campaigns(),
                throttle,
                metrics,
                () -> "",
                () -> System.nanoTime() / 1_000_000,
                wallClockMillis::get);
        running.put(
                broker,
                kit.spawn(PartitionActor.create(
                        () -> new ReplicaSpec(
                                id(broker),
                                brokers,
                                brokers.contains(broker),
                                !brokers.equals(List.of(broker)),
                                flush,
                                retention,
                                minInSync,
                                dedup),
                        () -> settings,
                        context,
                        observer.getRef())));
    }

    /** These brokers are to hold the partition; all replicas that run hear of it. */
    void relocate(long index, Set<Integer> target, ActorRef<ReplicaMessage.Relocated> replyTo) {
        running.values().forEach(replica -> replica.tell(new ReplicaMessage.Relocate(index, target, replyTo)));
    }

    void stop(int broker) {
        ActorRef<ReplicaMessage> stopped = Objects.requireNonNull(running.remove(broker));
        kit.stop(stopped, PATIENCE);
    }

    /** From now on this broker neither hears nor is heard. */
    void cutOff(int broker) {
        cutOff.add(broker);
    }

    void reconnect(int broker) {
        cutOff.remove(broker);
    }

    /** Of all brokers. */
    OpenLogs openLogs() {
        return openLogs;
    }

    /** By all brokers. */
    LedPartitions led() {
        return led;
    }

    ActorRef<ReplicaMessage> replica(int broker) {
        return Objects.requireNonNull(running.get(broker));
    }

    /** The member of its Raft group, of the first replica that the supervisor has started. */
    ActorRef<RaftCommand> raft(int broker) {
        String path = replica(broker)
                .path()
                .child("$a")
                .child("raft")
                .toStringWithAddress(kit.system().address());
        return ActorRefResolver.get(kit.system()).resolveActorRef(path);
    }

    RaftStatus raftStatus(int broker) {
        TestProbe<RaftStatus> probe = kit.createTestProbe();
        raft(broker).tell(new RaftCommand.GetStatus(probe.getRef()));
        return probe.receiveMessage(PATIENCE);
    }

    TestProbe<LeaderObserved> observer() {
        return observer;
    }

    /** The leader that says it is ready, as soon as there is one in a term after {@code afterTerm}. */
    LeaderObserved awaitLeader(long afterTerm) {
        List<LeaderObserved> found = new ArrayList<>();
        observer.fishForMessage(PATIENCE, seen -> {
            if (seen.leaderRef().isPresent() && seen.term() > afterTerm) {
                found.add(seen);
                return akka.actor.testkit.typed.javadsl.FishingOutcomes.complete();
            }
            return akka.actor.testkit.typed.javadsl.FishingOutcomes.continueAndIgnore();
        });
        return found.get(0);
    }

    PartitionReply produce(ActorRef<? super PartitionCommand> to, String... values) {
        TestProbe<PartitionReply> probe = kit.createTestProbe();
        to.tell(new PartitionCommand.Produce(++requestId, batch(values), values.length, probe.getRef()));
        return probe.receiveMessage(PATIENCE);
    }

    PartitionReply produce(ActorRef<? super PartitionCommand> to, int recordCount, Payload batches) {
        TestProbe<PartitionReply> probe = kit.createTestProbe();
        to.tell(new PartitionCommand.Produce(++requestId, batches, recordCount, probe.getRef()));
        return probe.receiveMessage(PATIENCE);
    }

    /** Writes, or repeats, the batch of an idempotent producer. */
    PartitionReply produceAs(
            ActorRef<? super PartitionCommand> to, long producerId, int epoch, int baseSequence, String... values) {
        TestProbe<PartitionReply> probe = kit.createTestProbe();
        to.tell(new PartitionCommand.Produce(
                ++requestId, batchOf(producerId, epoch, baseSequence, values), values.length, probe.getRef()));
        return probe.receiveMessage(PATIENCE);
    }

    PartitionReply fetch(ActorRef<? super PartitionCommand> from, long offset, int maxBytes, long maxWaitMillis) {
        TestProbe<PartitionReply> probe = kit.createTestProbe();
        from.tell(new PartitionCommand.Fetch(++requestId, offset, maxBytes, 1, maxWaitMillis, probe.getRef()));
        return probe.receiveMessage(PATIENCE);
    }

    PartitionStatus status(int broker) {
        TestProbe<PartitionReply> probe = kit.createTestProbe();
        replica(broker).tell(new PartitionCommand.GetStatus(++requestId, probe.getRef()));
        return ((PartitionReply.Status) probe.receiveMessage(PATIENCE)).status();
    }

    /** All records from an offset to the end, read in as many fetches as it takes. */
    List<String> readAll(ActorRef<? super PartitionCommand> from) {
        return readAll(from, 0);
    }

    /** The same from a later offset on. */
    List<String> readAll(ActorRef<? super PartitionCommand> from, long firstOffset) {
        List<String> values = new ArrayList<>();
        while (true) {
            long next = firstOffset + values.size();
            var fetched = (PartitionReply.Fetched) fetch(from, next, 1 << 20, 0);
            for (StoredRecord record : records(fetched.batches())) {
                if (record.offset() >= firstOffset + values.size()) {
                    values.add(Objects.requireNonNull(record.value()).toUtf8());
                }
            }
            if (firstOffset + values.size() >= fetched.highWatermark()) {
                return values;
            }
        }
    }

    static List<StoredRecord> records(Payload batches) {
        List<StoredRecord> records = new ArrayList<>();
        for (RecordBatch batch :
                RecordBatches.iterate(Bytes.wrap(batches.array(), batches.arrayOffset(), batches.sizeBytes()))) {
            batch.validateRecords();
            batch.records().forEach(records::add);
        }
        return records;
    }

    static Payload batch(String... values) {
        return built(builder(values));
    }

    /** The batch of an idempotent producer. */
    static Payload batchOf(long producerId, int epoch, int baseSequence, String... values) {
        return built(builder(values).producer(producerId, (short) epoch, baseSequence));
    }

    private static RecordBatchBuilder builder(String... values) {
        RecordBatchBuilder builder = new RecordBatchBuilder(1 << 20);
        for (String value : values) {
            builder.tryAppend(1_000, null, Bytes.utf8(value), List.of());
        }
        return builder;
    }

    private static Payload built(RecordBatchBuilder builder) {
        Bytes bytes = builder.build();
        return Payload.wrap(bytes.unsafeArray(), bytes.unsafeOffset(), bytes.size());
    }

    @Override
    public void close() {
        List.copyOf(running.keySet()).forEach(this::stop);
    }

    /** As one broker sees it. */
    private final class Network implements PeerRouter {
        private final int from;

        Network(int from) {
            this.from = from;
        }

        @Override
        public boolean tell(ReplicaId to, ReplicaMessage message) {
            ActorRef<ReplicaMessage> ref = running.get(to.brokerId());
            if (ref == null || !isReachable(to.brokerId())) {
                return false;
            }
            ref.tell(message);
            return true;
        }

        @Override
        public boolean isReachable(int broker) {
            return !cutOff.contains(from) && !cutOff.contains(broker);
        }
    }
}
