package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.RaftSettings;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.partition.raft.Role;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.StateMachine;
import io.millrace.partition.replica.ReplicaMessage.PeerMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three members as actors, on files. */
class SnapshotTransferTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ReplicaGroup.CONFIG);
    private static final Membership VOTERS = Membership.ofVoters(Set.of(new NodeId(1), new NodeId(2), new NodeId(3)));
    private static final int ENTRIES = 100;
    /** So that a snapshot takes several messages. */
    private static final RaftSettings SMALL_PIECES = new RaftSettings(20, 100, 200, 5, 300, 8 << 20, 64);

    private final Map<Integer, ActorRef<RaftCommand>> members = new ConcurrentHashMap<>();
    private final Map<Integer, TestProbe<RaftEvent>> owners = new ConcurrentHashMap<>();

    private final Path directory;

    SnapshotTransferTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void whoLostItsLogGetsWhatTheOthersHaveTrimmedAway() throws IOException {
        Set.of(1, 2, 3).forEach(this::start);
        int leader = awaitLeader();
        int lost = leader == 3 ? 1 : 3;
        propose(leader);
        awaitStatus(lost, status -> status.commitIndex() >= ENTRIES);
        kill(lost);
        members.keySet().forEach(member -> awaitStatus(member, this::isTrimmed));
        deleteLogOf(lost);

        start(lost);

        Snapshot installed = awaitSnapshot(lost);
        RaftStatus status = awaitStatus(
                lost, now -> now.commitIndex() > ENTRIES && now.membership().isVoter(new NodeId(lost)));
        assertThat(status.logStart()).isEqualTo(installed.position());
        assertThat(status.hardState().recovering()).isFalse();
        Counter state = new Counter();
        state.restore(installed.state());
        assertThat(state.applied).isEqualTo(installed.position().index());

        kill(lost);
        start(lost);

        RaftEvent.Started again = (RaftEvent.Started) ownerOf(lost).receiveMessage(ReplicaGroup.PATIENCE);
        assertThat(again.start()).contains(installed);
    }

    private boolean isTrimmed(RaftStatus status) {
        member(status.self().value()).tell(new RaftCommand.Trim(ENTRIES / 2));
        return status.logStart().index() > 0;
    }

    private void start(int member) {
        TestProbe<RaftEvent> owner = KIT.createTestProbe();
        owners.put(member, owner);
        ReplicaContext context = new ReplicaContext(
                Disk.in(directoryOf(member), () -> DiskSpace.AMPLE),
                new OpenLogs(),
                new LedPartitions(),
                SMALL_PIECES,
                LogSettings.DEFAULT.withSegmentBytes(1_000),
                1 << 10,
                new Network(),
                new BrokerWatch(),
                new Campaigns(),
                new MoveThrottle(() -> MoveThrottle.UNLIMITED),
                ReplicaMetrics.NONE,
                () -> "",
                () -> System.nanoTime() / 1_000_000,
                () -> 0);
        members.put(
                member,
                KIT.spawn(RaftActor.create(
                        new RaftGroup(idOf(member), VOTERS, true, true, OffsetReader.withoutOffsets(), Counter::new),
                        context,
                        owner.getRef())));
    }

    private ActorRef<RaftCommand> member(int member) {
        return Objects.requireNonNull(members.get(member));
    }

    private TestProbe<RaftEvent> ownerOf(int member) {
        return Objects.requireNonNull(owners.get(member));
    }

    private static ReplicaId idOf(int member) {
        return new ReplicaId("snapshots", 1, 0, member);
    }

    private Path directoryOf(int member) {
        return directory.resolve("broker-" + member);
    }

    private void kill(int member) {
        KIT.stop(Objects.requireNonNull(members.remove(member)), ReplicaGroup.PATIENCE);
    }

    private void deleteLogOf(int member) throws IOException {
        try (Stream<Path> files = Files.walk(directoryOf(member))) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private int awaitLeader() {
        while (true) {
            for (int member : members.keySet()) {
                if (statusOf(member).role() == Role.LEADER) {
                    return member;
                }
            }
        }
    }

    private void propose(int leader) {
        long term = statusOf(leader).hardState().term();
        for (int i = 0; i < ENTRIES; i++) {
            member(leader).tell(new RaftCommand.Propose(term, i, Payload.wrap(new byte[100])));
        }
    }

    private RaftStatus statusOf(int member) {
        TestProbe<RaftStatus> probe = KIT.createTestProbe();
        member(member).tell(new RaftCommand.GetStatus(probe.getRef()));
        return probe.receiveMessage(ReplicaGroup.PATIENCE);
    }

    private RaftStatus awaitStatus(int member, Predicate<RaftStatus> holds) {
        return KIT.<RaftStatus>createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> {
            RaftStatus status = statusOf(member);
            assertThat(holds.test(status)).as("%s", status).isTrue();
            return status;
        });
    }

    private Snapshot awaitSnapshot(int member) {
        Snapshot[] found = new Snapshot[1];
        ownerOf(member).fishForMessage(ReplicaGroup.PATIENCE, event -> {
            if (event instanceof RaftEvent.SnapshotInstalled installed) {
                found[0] = installed.snapshot();
                return FishingOutcomes.complete();
            }
            return FishingOutcomes.continueAndIgnore();
        });
        return found[0];
    }

    private final class Network implements PeerRouter {
        @Override
        public boolean tell(ReplicaId to, ReplicaMessage message) {
            ActorRef<RaftCommand> member = members.get(to.brokerId());
            if (member == null) {
                return false;
            }
            member.tell(new RaftCommand.Deliver((PeerMessage) message));
            return true;
        }

        @Override
        public boolean isReachable(int brokerId) {
            return members.containsKey(brokerId);
        }
    }

    /** Counts entries, in a state that is larger than it need be. */
    private static final class Counter implements StateMachine {
        private static final int BYTES = 1_000;
        private long applied;

        @Override
        public void apply(Entry entry) {
            applied++;
        }

        @Override
        public Payload snapshot() {
            return Payload.wrap(
                    java.nio.ByteBuffer.allocate(BYTES).putLong(applied).array());
        }

        @Override
        public void restore(Payload snapshot) {
            applied = java.nio.ByteBuffer.wrap(snapshot.toByteArray()).getLong();
        }
    }
}
