package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.persistence.testkit.javadsl.PersistenceTestKit;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.raft.Answer;
import io.millrace.partition.raft.ChangeRefusal;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.MembershipChange;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.RaftSettings;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.partition.raft.Role;
import io.millrace.partition.raft.TransferRefusal;
import io.millrace.partition.replica.ReplicaMessage.PeerMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One member alone; the test is its owner and the other two. Time stands still for it: only messages move it. */
class RaftActorTest {
    private static final RaftSettings NEVER_BY_ITSELF =
            new RaftSettings(1_000_000, 10_000_000, 20_000_000, 10, 1 << 20, 8 << 20, 64);
    static final NodeId SELF = new NodeId(1);
    static final NodeId SECOND = new NodeId(2);
    static final NodeId THIRD = new NodeId(3);

    private static final ActorTestKit KIT = ActorTestKit.create("members", ReplicaGroup.CONFIG);
    private static final PersistenceTestKit JOURNAL = PersistenceTestKit.create(KIT.system());
    private static long lastTopicId;

    private final Path directory;
    private Disk disk;
    private final ReplicaId id = new ReplicaId("orders", ++lastTopicId, 0, SELF.value());
    private final String journalId = "raft|" + id.entityId();
    private final OpenLogs openLogs = new OpenLogs();
    private final TestProbe<RaftEvent> owner = KIT.createTestProbe();
    private final Campaigns campaigns = new Campaigns(1);
    private final TestProbe<PeerMessage> peer = KIT.createTestProbe();
    private ActorRef<RaftCommand> member;

    RaftActorTest(@TempDir Path directory) {
        this.directory = directory;
        this.disk = Disk.in(directory, () -> DiskSpace.AMPLE);
        member = start();
    }

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    @AfterEach
    void stop() {
        KIT.stop(member, ReplicaGroup.PATIENCE);
    }

    private ActorRef<RaftCommand> start() {
        return start(Set.of(SELF, SECOND, THIRD), true);
    }

    private ActorRef<RaftCommand> start(Set<NodeId> founders, boolean othersHold) {
        return KIT.spawn(member(id, disk, openLogs, campaigns, founders, othersHold, owner.getRef()));
    }

    /** A founder, with the second and the third. */
    static Behavior<RaftCommand> member(ReplicaId id, Disk disk, OpenLogs openLogs, ActorRef<RaftEvent> owner) {
        return member(id, disk, openLogs, new Campaigns(), Set.of(SELF, SECOND, THIRD), true, owner);
    }

    private static Behavior<RaftCommand> member(
            ReplicaId id,
            Disk disk,
            OpenLogs openLogs,
            Campaigns campaigns,
            Set<NodeId> founders,
            boolean othersHold,
            ActorRef<RaftEvent> owner) {
        ReplicaContext context = new ReplicaContext(
                disk,
                openLogs,
                new LedPartitions(),
                NEVER_BY_ITSELF,
                LogSettings.DEFAULT,
                1 << 20,
                new Nobody(),
                new BrokerWatch(),
                campaigns,
                new MoveThrottle(() -> MoveThrottle.UNLIMITED),
                ReplicaMetrics.NONE,
                () -> "",
                () -> 0,
                () -> 0);
        Membership membership = Membership.ofVoters(new TreeSet<>(founders));
        return RaftActor.create(
                new RaftGroup(
                        id, membership, true, othersHold, OffsetReader.withoutOffsets(), PartitionStateMachine::new),
                context,
                owner);
    }

    private void restart() {
        KIT.stop(member, ReplicaGroup.PATIENCE);
        member = start();
        awaitStart();
    }

    private void awaitStart() {
        await(RaftEvent.Started.class);
    }

    private <E extends RaftEvent> E await(Class<E> type) {
        List<RaftEvent> seen = owner.fishForMessage(
                ReplicaGroup.PATIENCE,
                event -> type.isInstance(event) ? FishingOutcomes.complete() : FishingOutcomes.continueAndIgnore());
        return type.cast(seen.get(0));
    }

    private void deliver(Message message) {
        member.tell(new RaftCommand.Deliver(new PeerMessage("", peer.getRef(), message)));
    }

    private void askForVote(NodeId candidate, long term) {
        deliver(new Message.VoteRequest(candidate, SELF, term, LogPosition.ZERO));
    }

    private Message answer() {
        return peer.receiveMessage(ReplicaGroup.PATIENCE).message();
    }

    private RaftStatus status() {
        TestProbe<RaftStatus> probe = KIT.createTestProbe();
        member.tell(new RaftCommand.GetStatus(probe.getRef()));
        return probe.receiveMessage(ReplicaGroup.PATIENCE);
    }

    @Test
    void whoStopsHasItsLogOpenNoMore() {
        awaitStart();
        assertThat(openLogs.after("")).isPresent();
        KIT.stop(member, ReplicaGroup.PATIENCE);
        assertThat(openLogs.after("")).isEmpty();
    }

    @Test
    void itStandsForElectionWhenItsTurnComesAndGivesItBackWhenThereIsALeader() {
        awaitStart();
        Campaigns.Turn others = campaigns.newTurn(() -> {});
        others.ask();
        member.tell(RaftCommand.Campaign.INSTANCE);
        assertThat(status().role()).isEqualTo(Role.FOLLOWER);

        others.end();
        owner.awaitAssert(ReplicaGroup.PATIENCE, () -> {
            assertThat(status().role()).isEqualTo(Role.PRE_CANDIDATE);
            return null;
        });
        TestProbe<String> next = KIT.createTestProbe();
        assertThat(campaigns.newTurn(() -> next.getRef().tell("granted")).ask()).isFalse();
        deliver(new Message.AppendRequest(SECOND, SELF, 3, LogPosition.ZERO, List.of(), 0));
        next.expectMessage(ReplicaGroup.PATIENCE, "granted");
    }

    @Test
    void whoFoundedAloneAndComesBackToOthersBeginsAnewButWhoIsAloneHasLostAll() throws IOException {
        awaitStart();
        KIT.stop(member, ReplicaGroup.PATIENCE);
        member = start(Set.of(SELF), false);
        member.tell(RaftCommand.Campaign.INSTANCE);
        await(RaftEvent.Committed.class);
        KIT.stop(member, ReplicaGroup.PATIENCE);
        deleteLog();

        member = start(Set.of(SELF), false);
        assertThat(await(RaftEvent.Failed.class).problem()).contains("no other replica");
        owner.expectTerminated(member, ReplicaGroup.PATIENCE);

        member = start(Set.of(SELF), true);
        awaitStart();
        member.tell(RaftCommand.Campaign.INSTANCE);
        assertThat(status().role())
                .as("it has no vote until the others have taken it in")
                .isEqualTo(Role.FOLLOWER);
    }

    @Test
    void whoStopsGivesItsTurnBack() {
        awaitStart();
        member.tell(RaftCommand.Campaign.INSTANCE);
        TestProbe<String> next = KIT.createTestProbe();
        assertThat(status().hardState().term()).isZero();
        assertThat(campaigns.newTurn(() -> next.getRef().tell("granted")).ask()).isFalse();
        KIT.stop(member, ReplicaGroup.PATIENCE);
        next.expectMessage(ReplicaGroup.PATIENCE, "granted");
    }

    @Test
    void aVoteIsInTheJournalAndOutlivesTheMember() {
        awaitStart();
        askForVote(SECOND, 5);
        assertThat(answer()).isEqualTo(new Message.VoteResponse(SELF, SECOND, 5, true));
        assertThat(JOURNAL.persistedInStorage(journalId))
                .last()
                .isEqualTo(TermAndVote.of(new HardState(5, Optional.of(SECOND))));

        restart();
        assertThat(status().hardState().term()).isEqualTo(5);
        assertThat(status().hardState().vote()).isEqualTo(Optional.of(SECOND));
        askForVote(THIRD, 5);
        assertThat(answer()).isEqualTo(new Message.VoteResponse(SELF, THIRD, 5, false));
        askForVote(SECOND, 5);
        assertThat(answer()).isEqualTo(new Message.VoteResponse(SELF, SECOND, 5, true));
    }

    @Test
    void aVoteThatCannotBeJournaledIsNotGivenAndTheMemberStops() {
        awaitStart();
        JOURNAL.failNextPersisted(journalId);
        askForVote(SECOND, 5);
        owner.expectTerminated(member, ReplicaGroup.PATIENCE);
        peer.expectNoMessage(Duration.ZERO);

        restart();
        askForVote(THIRD, 5);
        assertThat(answer()).isEqualTo(new Message.VoteResponse(SELF, THIRD, 5, true));
    }

    @Test
    void aTermIsInTheJournalBeforeAnEntryOfItIsAccepted() {
        awaitStart();
        JOURNAL.failNextPersisted(journalId);
        deliver(new Message.AppendRequest(SECOND, SELF, 3, LogPosition.ZERO, List.of(), 0));
        owner.expectTerminated(member, ReplicaGroup.PATIENCE);
        peer.expectNoMessage(Duration.ZERO);
    }

    @Test
    void aJournalThatCannotBeReadEndsTheMemberWithAReason() {
        awaitStart();
        askForVote(SECOND, 5);
        answer();
        KIT.stop(member, ReplicaGroup.PATIENCE);

        JOURNAL.failNextRead(journalId);
        member = start();
        RaftEvent.Failed failed = await(RaftEvent.Failed.class);
        assertThat(failed.problem()).contains("cannot read term and vote");
        owner.expectTerminated(member, ReplicaGroup.PATIENCE);
    }

    @Test
    void aLogThatCannotBeOpenedEndsTheMemberWithAReason() throws IOException {
        awaitStart();
        KIT.stop(member, ReplicaGroup.PATIENCE);
        deleteLog();
        Files.createFile(directory.resolve(id.group()));

        member = start();
        RaftEvent.Failed failed = await(RaftEvent.Failed.class);
        assertThat(failed.problem()).contains("cannot open the log");
        owner.expectTerminated(member, ReplicaGroup.PATIENCE);
    }

    private void deleteLog() throws IOException {
        Path files = directory.resolve(id.group());
        try (var all = Files.list(files)) {
            for (Path file : all.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(files);
    }

    private long incarnationInAnswerTo(NodeId leader, long term) {
        append(leader, term, new LogPosition(100, term));
        return ((Message.AppendRejected) answer()).incarnation();
    }

    @Test
    void aMemberWhoseLogIsGoneHasNoVoteAndSaysThatItsDiskIsAnother() throws IOException {
        awaitStart();
        askForVote(SECOND, 5);
        answer();
        KIT.stop(member, ReplicaGroup.PATIENCE);
        deleteLog();

        member = start();
        awaitStart();
        askForVote(SECOND, 6);
        assertThat(answer()).isEqualTo(new Message.VoteResponse(SELF, SECOND, 6, false));
        long incarnation = incarnationInAnswerTo(SECOND, 6);
        assertThat(incarnation).isNotZero();
        restart();
        assertThat(incarnationInAnswerTo(SECOND, 6)).isEqualTo(incarnation);
    }

    @Test
    void soHasOneWhoseJournalIsGone() {
        awaitStart();
        append(SECOND, 3, LogPosition.ZERO, entry(1, 3));
        assertThat(accepted()).isEqualTo(1);
        KIT.stop(member, ReplicaGroup.PATIENCE);
        JOURNAL.clearByPersistenceId(journalId);

        member = start();
        awaitStart();
        askForVote(SECOND, 6);
        assertThat(answer()).isEqualTo(new Message.VoteResponse(SELF, SECOND, 6, false));
        assertThat(incarnationInAnswerTo(SECOND, 6)).isNotZero();
        assertThat(status().lastPosition()).isEqualTo(new LogPosition(1, 3));
    }

    @Test
    void aDamagedLogIsSetAsideAndTheMemberRebuilt() throws IOException {
        awaitStart();
        append(SECOND, 3, LogPosition.ZERO, entry(1, 3), entry(2, 3));
        assertThat(accepted()).isEqualTo(2);
        append(SECOND, 3, new LogPosition(2, 3), entry(3, 3));
        assertThat(accepted()).isEqualTo(3);
        KIT.stop(member, ReplicaGroup.PATIENCE);
        Path group = directory.resolve(id.group());
        try (var files = Files.list(group)) {
            for (Path file : files.toList()) {
                byte[] bytes = Files.readAllBytes(file);
                if (file.toString().endsWith(".index")) {
                    Files.delete(file);
                } else {
                    bytes[70] ^= 1; // in the first frame
                    Files.write(file, bytes);
                }
            }
        }

        member = start();
        awaitStart();
        assertThat(status().lastPosition()).isEqualTo(LogPosition.ZERO);
        askForVote(SECOND, 6);
        assertThat(answer()).isEqualTo(new Message.VoteResponse(SELF, SECOND, 6, false));
        assertThat(directory.resolve(id.group() + Disk.SET_ASIDE_SUFFIX)).isDirectory();
    }

    /** Leads term 1; its no-op is committed. */
    private void lead() {
        awaitStart();
        deliver(new Message.AppendAccepted(SECOND, SELF, 0, 0)); // says where to find it
        member.tell(RaftCommand.Campaign.INSTANCE);
        deliver(new Message.PreVoteResponse(SECOND, SELF, 1, true));
        deliver(new Message.VoteResponse(SECOND, SELF, 1, true));
        deliver(new Message.AppendAccepted(SECOND, SELF, 1, 1));
        await(RaftEvent.Committed.class);
    }

    @Test
    void aChangeOfTheMembershipIsAnsweredAtOnce() {
        lead();
        TestProbe<Answer> asker = KIT.createTestProbe();
        member.tell(new RaftCommand.ChangeMembership(new MembershipChange.Promote(new NodeId(9)), asker.getRef()));
        asker.expectMessage(new Answer.ChangeRefused(ChangeRefusal.NOT_A_MEMBER));
        member.tell(new RaftCommand.ChangeMembership(new MembershipChange.Remove(THIRD), asker.getRef()));
        asker.expectMessage(new Answer.ChangeBegun(2));
        assertThat(status().membership().voters()).containsExactly(SELF, SECOND);
        deliver(new Message.AppendAccepted(SECOND, SELF, 1, 2));
        await(RaftEvent.Committed.class); // so it is on the own disk too, which is one of two
        restart();
        assertThat(status().membership().voters()).containsExactly(SELF, SECOND);
    }

    @Test
    void proposalsWaitForTheEndOfATransferOfLeadership() {
        lead();
        TestProbe<TransferOutcome> asker = KIT.createTestProbe();
        member.tell(new RaftCommand.TransferLeadership(THIRD, asker.getRef()));
        member.tell(new RaftCommand.Propose(1, 77, Payload.EMPTY));
        assertThat(status().lastPosition()).isEqualTo(new LogPosition(1, 1));
        asker.expectNoMessage(Duration.ZERO);
        deliver(new Message.VoteRequest(THIRD, SELF, 2, new LogPosition(1, 1), true));
        asker.expectMessage(new TransferOutcome.HandedOver());
        assertThat(await(RaftEvent.ProposalRefused.class).proposalId()).isEqualTo(77);
        // And only then that it leads no more: whoever hears that first takes what is on its way for perhaps done.
        assertThat(await(RaftEvent.RoleChanged.class).role()).isEqualTo(Role.FOLLOWER);
    }

    @Test
    void aTransferThatCannotBeIsRefusedAtOnce() {
        lead();
        TestProbe<TransferOutcome> asker = KIT.createTestProbe();
        member.tell(new RaftCommand.TransferLeadership(new NodeId(9), asker.getRef()));
        asker.expectMessage(new TransferOutcome.Refused(TransferRefusal.NOT_A_VOTER));
    }

    @Test
    void aMemberThatIsDeletedWhileItsLogOpensDoesNotStart() {
        awaitStart();
        KIT.stop(member, ReplicaGroup.PATIENCE);
        member = start();
        member.tell(RaftCommand.Delete.INSTANCE);
        owner.expectTerminated(member, ReplicaGroup.PATIENCE);
        assertThat(directory.resolve(id.group())).doesNotExist();
    }

    private void startOn(Disk another) {
        awaitStart();
        KIT.stop(member, ReplicaGroup.PATIENCE);
        disk = another;
        member = start();
    }

    private static void awaitSomethingWaitingFor(TestDisk disk) {
        KIT.createTestProbe().awaitAssert(ReplicaGroup.PATIENCE, () -> {
            assertThat(disk.waiting()).isPositive();
            return null;
        });
    }

    private static Entry entry(long index, long term) {
        return new Entry(index, term, EntryType.NOOP, Payload.EMPTY);
    }

    private void append(NodeId leader, long term, LogPosition previous, Entry... entries) {
        deliver(new Message.AppendRequest(leader, SELF, term, previous, List.of(entries), 0));
    }

    private long accepted() {
        return ((Message.AppendAccepted) answer()).matchIndex();
    }

    @Test
    void whatIsCutIsNotReadAnyMoreAlthoughTheDiskHasItYet() {
        TestDisk hanging = new TestDisk();
        startOn(hanging);
        ReplicaLog log = await(RaftEvent.Started.class).log();
        append(SECOND, 1, LogPosition.ZERO, entry(1, 1), entry(2, 1), entry(3, 1));
        assertThat(accepted()).isEqualTo(3);
        hanging.hang();
        try {
            append(THIRD, 2, new LogPosition(1, 1), entry(2, 2));
            assertThat(await(RaftEvent.Truncated.class).fromIndex()).isEqualTo(2);
            awaitSomethingWaitingFor(hanging);
            assertThat(log.read(1, 3, 1 << 20).toCompletableFuture().join()).doesNotContain(entry(2, 1), entry(3, 1));
            assertThat(log.read(2, 3, 1 << 20).toCompletableFuture().join()).containsExactly(entry(2, 2));
            assertThat(log.read(3, 3, 1 << 20).toCompletableFuture().join()).isEmpty();
            peer.expectNoMessage(Duration.ZERO); // nothing of the new term is on disk
        } finally {
            hanging.goOn();
        }
        assertThat(accepted()).isEqualTo(2);
    }

    @Test
    void aReportThatEntriesAreOnDiskIsIgnoredWhenTheyWereCutSince() {
        TestDisk hanging = new TestDisk();
        startOn(hanging);
        awaitStart();
        append(SECOND, 1, LogPosition.ZERO, entry(1, 1));
        assertThat(accepted()).isEqualTo(1);
        hanging.hangForces();
        try {
            append(SECOND, 1, new LogPosition(1, 1), entry(2, 1), entry(3, 1));
            awaitSomethingWaitingFor(hanging);
            append(THIRD, 2, new LogPosition(1, 1), entry(2, 2));
            await(RaftEvent.Truncated.class);
        } finally {
            hanging.goOn();
        }
        assertThat(accepted()).isEqualTo(2);
        assertThat(status().durableIndex()).isEqualTo(2);
        assertThat(status().lastPosition()).isEqualTo(new LogPosition(2, 2));
    }

    @Test
    void aMemberStartsWithTheLastTermAndVoteOfEveryPrefixOfItsJournal() {
        awaitStart();
        askForVote(SECOND, 5);
        answer();
        deliver(new Message.AppendRequest(THIRD, SELF, 6, LogPosition.ZERO, List.of(), 0));
        answer();
        deliver(new Message.AppendRequest(SECOND, SELF, 7, LogPosition.ZERO, List.of(), 0));
        answer();
        List<Object> journal = JOURNAL.persistedInStorage(journalId);
        assertThat(journal).hasSizeGreaterThanOrEqualTo(3);
        for (int length = 0; length <= journal.size(); length++) {
            KIT.stop(member, ReplicaGroup.PATIENCE);
            JOURNAL.clearByPersistenceId(journalId);
            JOURNAL.persistForRecovery(journalId, journal.subList(0, length));
            member = start();
            awaitStart();
            TermAndVote last = length == 0 ? TermAndVote.of(HardState.INITIAL) : (TermAndVote) journal.get(length - 1);
            assertThat(status().hardState()).isEqualTo(last.toHardState());
        }
    }

    /** The members that are known by their ActorRefs only. */
    private static final class Nobody implements PeerRouter {
        @Override
        public boolean tell(ReplicaId to, ReplicaMessage message) {
            return false;
        }

        @Override
        public boolean isReachable(int broker) {
            return true;
        }
    }
}
