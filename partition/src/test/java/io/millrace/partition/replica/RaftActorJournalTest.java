package io.millrace.partition.replica;

import static io.millrace.partition.replica.RaftActorTest.SECOND;
import static io.millrace.partition.replica.RaftActorTest.SELF;
import static io.millrace.partition.replica.RaftActorTest.THIRD;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.persistence.testkit.javadsl.EventSourcedBehaviorTestKit;
import io.millrace.partition.log.Storage;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.MembershipCodec;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.partition.replica.ReplicaMessage.PeerMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A member that recovers from every prefix of its journal, with every log that may be on the disk beside it: a crash may come
 * after any event, and the log follows the journal.
 */
class RaftActorJournalTest {
    private static final ActorTestKit KIT = ActorTestKit.create("journals", ReplicaGroup.CONFIG);

    private final ReplicaId id = new ReplicaId("orders", 1, 0, SELF.value());
    private final String journalId = "raft|" + id.entityId();
    private final TestProbe<RaftEvent> owner = KIT.createTestProbe();
    private final TestProbe<PeerMessage> peer = KIT.createTestProbe();

    /** What is there after a step; an event that is in the journal beyond it may be there as well. */
    private record Moment(int events, Path directory, LogPosition last) {}

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    @Test
    void everyPrefixOfTheJournalIsRecoveredWithEveryLogBesideIt(@TempDir Path root) throws IOException {
        MovableDisk disk = new MovableDisk(Files.createDirectories(root.resolve("life")));
        EventSourcedBehaviorTestKit<RaftCommand, TermAndVote, TermAndVote> member = member(disk);
        awaitStart();

        List<TermAndVote> journal = new ArrayList<>();
        List<Moment> moments = new ArrayList<>(List.of(moment(root, disk, journal, LogPosition.ZERO)));
        for (Message message : life()) {
            journal.addAll(member.runCommand(deliver(message)).events());
            answer();
            moments.add(moment(root, disk, journal, status(member).lastPosition()));
        }
        assertThat(journal).as("terms, and votes").hasSize(6);

        for (int step = 0; step < moments.size(); step++) {
            Moment moment = moments.get(step);
            int possible = step + 1 < moments.size() ? moments.get(step + 1).events() : journal.size();
            for (int events = moment.events(); events <= possible; events++) {
                disk.moveTo(copy(moment.directory(), root.resolve("after-" + step + "-with-" + events)));
                // Not initialize(), which starts the member with an empty journal first.
                member.persistenceTestKit().clearByPersistenceId(journalId);
                member.persistenceTestKit().persistForRecovery(journalId, List.copyOf(journal.subList(0, events)));
                member.restart();
                awaitStart();
                assertThat(member.getState())
                        .isEqualTo(events == 0 ? TermAndVote.of(status(member).hardState()) : journal.get(events - 1));
                assertThat(status(member).hardState())
                        .isEqualTo(member.getState().toHardState());
                assertThat(status(member).lastPosition()).isEqualTo(moment.last());
                keepsItsWord(member);
            }
        }
    }

    /** It refuses whom it has not voted for in its term, and follows no leader of an earlier one. */
    private void keepsItsWord(EventSourcedBehaviorTestKit<RaftCommand, TermAndVote, TermAndVote> member) {
        long term = member.getState().term();
        LogPosition ahead = new LogPosition(1_000, term);
        Optional<NodeId> vote = member.getState().toHardState().vote();
        if (vote.isPresent()) {
            NodeId other = vote.get().equals(SECOND) ? THIRD : SECOND;
            member.runCommand(deliver(new Message.VoteRequest(other, SELF, term, ahead)));
            assertThat(answer()).isEqualTo(new Message.VoteResponse(SELF, other, term, false));
        }
        if (term > 0) {
            member.runCommand(
                    deliver(new Message.AppendRequest(SECOND, SELF, term - 1, LogPosition.ZERO, List.of(), 0)));
            assertThat(answer()).isInstanceOf(Message.AppendRejected.class);
        }
        assertThat(member.runCommand(deliver(new Message.VoteRequest(THIRD, SELF, term + 1, ahead)))
                        .events())
                .hasSize(1);
        assertThat(answer()).isEqualTo(new Message.VoteResponse(SELF, THIRD, term + 1, true));
    }

    /** Votes, entries of several leaders, one of which changes the membership, and a cut. */
    private static List<Message> life() {
        LogPosition first = new LogPosition(1, 5);
        LogPosition second = new LogPosition(2, 5);
        return List.of(
                new Message.VoteRequest(SECOND, SELF, 5, LogPosition.ZERO),
                append(SECOND, 5, LogPosition.ZERO, noOp(1, 5), data(2, 5)),
                handOver(THIRD, 6, second),
                handOver(SECOND, 7, second),
                append(THIRD, 8, first, noOp(2, 8), configuration(3, 8)),
                handOver(SECOND, 10, new LogPosition(3, 8)),
                append(SECOND, 11, new LogPosition(3, 8), noOp(4, 11)));
    }

    /** A request that is heard although there is a leader, because that one has asked for it. */
    private static Message handOver(NodeId candidate, long term, LogPosition last) {
        return new Message.VoteRequest(candidate, SELF, term, last, true);
    }

    private static Message append(NodeId leader, long term, LogPosition previous, Entry... entries) {
        return new Message.AppendRequest(leader, SELF, term, previous, List.of(entries), 0);
    }

    private static Entry noOp(long index, long term) {
        return new Entry(index, term, EntryType.NOOP, Payload.EMPTY);
    }

    private static Entry data(long index, long term) {
        return new Entry(index, term, EntryType.DATA, Payload.wrap(new byte[] {1, 2, 3}));
    }

    private static Entry configuration(long index, long term) {
        return new Entry(
                index,
                term,
                EntryType.CONFIGURATION,
                MembershipCodec.encode(Membership.ofVoters(new TreeSet<>(Set.of(SELF, SECOND)))));
    }

    private RaftCommand deliver(Message message) {
        return new RaftCommand.Deliver(new PeerMessage("", peer.getRef(), message));
    }

    /** It is sent when what it says is on the disk. */
    private Message answer() {
        return peer.receiveMessage(ReplicaGroup.PATIENCE).message();
    }

    private RaftStatus status(EventSourcedBehaviorTestKit<RaftCommand, TermAndVote, TermAndVote> member) {
        return member.<RaftStatus>runCommand(RaftCommand.GetStatus::new).reply();
    }

    private void awaitStart() {
        owner.fishForMessage(
                ReplicaGroup.PATIENCE,
                event -> event instanceof RaftEvent.Started
                        ? FishingOutcomes.complete()
                        : FishingOutcomes.continueAndIgnore());
    }

    private Moment moment(Path root, MovableDisk disk, List<TermAndVote> journal, LogPosition last) throws IOException {
        Path kept = root.resolve("moment-" + journal.size() + "-" + last);
        return new Moment(journal.size(), copy(disk.directory, kept), last);
    }

    private static Path copy(Path from, Path to) throws IOException {
        try (var paths = Files.walk(from)) {
            for (Path path : paths.toList()) {
                Files.copy(path, to.resolve(from.relativize(path).toString()));
            }
        }
        return to;
    }

    private EventSourcedBehaviorTestKit<RaftCommand, TermAndVote, TermAndVote> member(Disk disk) {
        return EventSourcedBehaviorTestKit.create(
                KIT.system(),
                RaftActorTest.member(id, disk, new OpenLogs(), owner.getRef()),
                EventSourcedBehaviorTestKit.enabledSerializationSettings().withVerifyCommands(false));
    }

    /** Its member finds other files there when it starts again. */
    private static final class MovableDisk implements Disk {
        private volatile Path directory;

        MovableDisk(Path directory) {
            this.directory = directory;
        }

        void moveTo(Path other) {
            directory = other;
        }

        private Disk current() {
            return Disk.in(directory, () -> DiskSpace.AMPLE);
        }

        @Override
        public Storage storageOf(ReplicaId replica) throws IOException {
            return current().storageOf(replica);
        }

        @Override
        public void setAside(ReplicaId replica) throws IOException {
            current().setAside(replica);
        }

        @Override
        public DiskSpace space() {
            return DiskSpace.AMPLE;
        }
    }
}
