package io.millrace.controller;

import static io.millrace.controller.Samples.register;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.FishingOutcomes;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.MetadataResult;
import io.millrace.partition.log.SegmentSummary;
import io.millrace.partition.raft.Configuration;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.ReadOutcome;
import io.millrace.partition.raft.Role;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.RaftCommand;
import io.millrace.partition.replica.RaftEvent;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaLog;
import io.millrace.partition.replica.ReplicaMessage;
import io.millrace.partition.replica.TimedOffset;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The replica of broker 1 with a scripted Raft member: a probe hears what it is asked, the test says what happened. */
class MetadataReplicaTest {
    private static final ActorTestKit KIT = ActorTestKit.create();
    private static final int PROPOSALS_MAX = 3;
    private static final long LOG_BYTES_MAX = 1_000;
    private static final Set<Integer> VOTERS = Set.of(1, 2, 3);

    private final TestProbe<RaftCommand> raft = KIT.createTestProbe();
    private final TestProbe<ActorRef<RaftEvent>> spawned = KIT.createTestProbe();
    private final TestProbe<ActorRef<RaftCommand>> members = KIT.createTestProbe();
    private final TestProbe<MetadataView.State> states = KIT.createTestProbe();
    private final TestProbe<ProposalOutcome> outcomes = KIT.createTestProbe();
    private final TestProbe<ReplicaMessage> leader = KIT.createTestProbe();
    private final MetadataView view = new MetadataView();
    private final FakeLog log = new FakeLog();
    private ActorRef<ReplicaMessage> replica;
    private ActorRef<RaftEvent> owner;

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @BeforeEach
    void start() {
        view.subscribe(states.getRef());
        states.receiveMessage();
        replica = KIT.spawn(MetadataReplica.create(
                1, VOTERS, view, new FakeRouter(), this::raftMember, PROPOSALS_MAX, LOG_BYTES_MAX));
        owner = spawned.receiveMessage();
        owner.tell(new RaftEvent.Started(log, 0, 0, Optional.empty()));
    }

    /** Passes everything on to the probe; ends when it is told to campaign. */
    private Behavior<RaftCommand> raftMember(ActorRef<RaftEvent> eventsTo) {
        spawned.getRef().tell(eventsTo);
        return Behaviors.setup(context -> {
            members.getRef().tell(context.getSelf());
            return Behaviors.receiveMessage(command -> {
                raft.getRef().tell(command);
                return command == RaftCommand.Campaign.INSTANCE ? Behaviors.stopped() : Behaviors.same();
            });
        });
    }

    private final class FakeRouter implements PeerRouter {
        @Override
        public boolean tell(ReplicaId to, ReplicaMessage message) {
            if (!isReachable(to.brokerId())) {
                return false;
            }
            assertThat(to.group()).isEqualTo("__metadata-0~0");
            leader.getRef().tell(message);
            return true;
        }

        @Override
        public boolean isReachable(int brokerId) {
            return brokerId == 2;
        }
    }

    /** Hands out one entry at a time, so that reading takes as many steps as possible. */
    private static final class FakeLog implements ReplicaLog {
        final List<Entry> entries = new CopyOnWriteArrayList<>();
        volatile boolean broken;
        volatile long sizeBytes;

        long append(long term, MetadataCommand command) {
            return append(term, EntryType.DATA, MetadataCodec.encode(command));
        }

        long append(long term, EntryType type, Payload payload) {
            entries.add(new Entry(entries.size() + 1, term, type, payload));
            return entries.size();
        }

        @Override
        public CompletionStage<List<Entry>> read(long fromIndex, long toIndex, int maxBytes) {
            assertThat(fromIndex).isLessThanOrEqualTo(toIndex);
            return broken
                    ? CompletableFuture.failedFuture(new IOException("bad sector"))
                    : CompletableFuture.completedFuture(
                            fromIndex > entries.size()
                                    ? List.of()
                                    : List.copyOf(entries.subList((int) fromIndex - 1, (int) fromIndex)));
        }

        @Override
        public CompletionStage<List<Entry>> readFromOffset(long offset, long toIndex, int maxBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Optional<TimedOffset>> findTimestamp(long timestampMillis, long toIndex) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<Long> nextOffsetAt(long index) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean isBehind() {
            return false;
        }

        @Override
        public long firstIndex() {
            return 1;
        }

        @Override
        public long startOffset() {
            return 0;
        }

        @Override
        public long sizeBytes() {
            return sizeBytes;
        }

        @Override
        public List<SegmentSummary> segments() {
            return List.of();
        }
    }

    // Applying.

    @Test
    void committedEntriesAreAppliedInOrderAndPublished() {
        follow(1, 2);
        log.append(1, EntryType.NOOP, Payload.EMPTY);
        log.append(1, new MetadataCommand.ClaimController(0, 2, "c"));
        log.append(1, register(1, 1));
        log.append(1, register(1, 2));
        owner.tell(new RaftEvent.Committed(3));

        assertThat(awaitApplied(3).metadata().brokers().keySet()).containsExactly(1);

        owner.tell(new RaftEvent.Committed(4));
        assertThat(awaitApplied(4).metadata().brokers().keySet()).containsExactly(1, 2);
    }

    @Test
    void whatIsNotCommittedIsNotApplied() {
        follow(1, 2);
        log.append(1, new MetadataCommand.ClaimController(0, 2, "c"));
        owner.tell(new RaftEvent.Appended(log.entries));
        owner.tell(new RaftEvent.Truncated(1));

        states.expectNoMessage();
    }

    @Test
    void aFollowerHasCaughtUpWhenItHasAppliedWhatItsLeaderSaysIsCommitted() {
        log.append(1, EntryType.NOOP, Payload.EMPTY);
        log.append(1, new MetadataCommand.ClaimController(0, 2, "c"));
        owner.tell(new RaftEvent.Committed(1));
        assertThat(awaitApplied(1).caughtUp()).isFalse();

        owner.tell(new RaftEvent.Committed(2));
        assertThat(awaitApplied(2).caughtUp()).isFalse();
        follow(1, 2);

        assertThat(states.receiveMessage().caughtUp()).isTrue();
        assertThat(view.caughtUp()).isTrue();
    }

    @Test
    void aLeaderHasCaughtUpWhenTheFirstEntryOfItsTermIsApplied() {
        log.append(1, new MetadataCommand.ClaimController(0, 2, "c"));
        owner.tell(new RaftEvent.RoleChanged(Role.LEADER, 2, OptionalInt.of(1), 2));
        log.append(2, EntryType.NOOP, Payload.EMPTY);
        owner.tell(new RaftEvent.Committed(1));
        assertThat(awaitApplied(1).caughtUp()).isFalse();

        owner.tell(new RaftEvent.Committed(2));
        assertThat(awaitApplied(2).caughtUp()).isTrue();
    }

    @Test
    void havingCaughtUpOnceIsEnough() {
        lead(1);
        owner.tell(new RaftEvent.RoleChanged(Role.CANDIDATE, 2, OptionalInt.empty(), 1));
        propose(1, register(1, 1));
        outcomes.expectMessage(new ProposalOutcome.NoLeader(1));

        assertThat(view.caughtUp()).isTrue();
    }

    // Proposing.

    @Test
    void aLeadersProposalIsAnsweredWhenItIsApplied() {
        lead(1);
        MetadataCommand claim = new MetadataCommand.ClaimController(0, 1, "c");
        propose(77, claim);

        RaftCommand.Propose proposed = raft.expectMessageClass(RaftCommand.Propose.class);
        assertThat(proposed.term()).isEqualTo(1);
        assertThat(MetadataCodec.decode(proposed.payload())).isEqualTo(claim);
        long index = log.append(1, EntryType.DATA, proposed.payload());
        owner.tell(new RaftEvent.ProposalAppended(proposed.proposalId(), index));
        outcomes.expectNoMessage();
        owner.tell(new RaftEvent.Committed(index));

        outcomes.expectMessage(new ProposalOutcome.Applied(77, index, new MetadataResult.Claimed(1, "c")));
    }

    @Test
    void aProposalThatTheMemberRefusesIsSurelyNotDone() {
        lead(1);
        propose(1, register(1, 1));
        owner.tell(new RaftEvent.ProposalRefused(
                raft.expectMessageClass(RaftCommand.Propose.class).proposalId()));

        outcomes.expectMessage(new ProposalOutcome.NoLeader(1));
    }

    @Test
    void theOutcomeOfWhatWasAppendedIsUnknownWhenLeadershipIsLost() {
        lead(1);
        propose(1, register(1, 1));
        long proposalId = raft.expectMessageClass(RaftCommand.Propose.class).proposalId();
        owner.tell(new RaftEvent.ProposalAppended(proposalId, 2));
        follow(2, 2);

        outcomes.expectMessage(new ProposalOutcome.OutcomeUnknown(1));
    }

    @Test
    void theOutcomeOfWhatWasAppendedIsUnknownWhenLeadershipIsLostAndWonAgain() {
        lead(1);
        propose(1, register(1, 1));
        long proposalId = raft.expectMessageClass(RaftCommand.Propose.class).proposalId();
        owner.tell(new RaftEvent.RoleChanged(Role.LEADER, 3, OptionalInt.of(1), 2));
        owner.tell(new RaftEvent.ProposalAppended(proposalId, 2));

        outcomes.expectMessage(new ProposalOutcome.OutcomeUnknown(1));
    }

    @Test
    void anotherReplicaPassesTheProposalToTheLeaderWhoAnswers() {
        follow(1, 2);
        propose(5, register(1, 1));

        assertThat(leader.receiveMessage())
                .isEqualTo(new MetadataReplica.ForwardedProposal(
                        5, MetadataCodec.toJson(register(1, 1)), outcomes.getRef()));
        outcomes.expectNoMessage();
    }

    @Test
    void aLeaderTakesWhatWasPassedToIt() {
        lead(1);
        replica.tell(new MetadataReplica.ForwardedProposal(5, MetadataCodec.toJson(register(1, 1)), outcomes.getRef()));

        assertThat(MetadataCodec.decode(
                        raft.expectMessageClass(RaftCommand.Propose.class).payload()))
                .isEqualTo(register(1, 1));
    }

    @Test
    void whatWasPassedToTheWrongOneIsNotPassedOn() {
        follow(1, 2);
        replica.tell(new MetadataReplica.ForwardedProposal(5, MetadataCodec.toJson(register(1, 1)), outcomes.getRef()));

        outcomes.expectMessage(new ProposalOutcome.NoLeader(5));
        leader.expectNoMessage();
    }

    @Test
    void aForwardedCommandThatCannotBeReadIsRefusedAndHarmsNobody() {
        lead(1);
        replica.tell(new MetadataReplica.ForwardedProposal(5, "{\"v\":9}", outcomes.getRef()));
        outcomes.expectMessageClass(ProposalOutcome.ReplicaFailed.class);

        propose(6, register(1, 1));
        raft.expectMessageClass(RaftCommand.Propose.class);
        assertThat(view.failure()).isEmpty();
    }

    @Test
    void withoutALeaderTheAnswerComesAtOnce() {
        propose(1, register(1, 1));
        outcomes.expectMessage(new ProposalOutcome.NoLeader(1));

        follow(1, 3); // which cannot be reached
        propose(2, register(1, 1));
        outcomes.expectMessage(new ProposalOutcome.NoLeader(2));
    }

    @Test
    void proposalsBeyondTheLimitAreRefused() {
        lead(1);
        IntStream.rangeClosed(1, PROPOSALS_MAX + 1).forEach(id -> propose(id, register(1, id)));

        outcomes.expectMessage(new ProposalOutcome.Overloaded(PROPOSALS_MAX + 1, PROPOSALS_MAX));
    }

    // Learners.

    @Test
    void theLeaderMakesRegisteredBrokersThatDoNotVoteLearners() {
        lead(1);
        log.append(1, new MetadataCommand.ClaimController(0, 1, "c"));
        log.append(1, register(1, 2));
        owner.tell(new RaftEvent.Committed(3));
        log.append(1, register(1, 7));
        owner.tell(new RaftEvent.Committed(4));

        raft.expectMessage(new RaftCommand.SetLearners(Set.of(new NodeId(7))));

        BrokerRegistration again = Samples.broker(7, "directory-7");
        log.append(1, new MetadataCommand.RegisterBroker(1, Optional.empty(), Optional.empty(), again));
        owner.tell(new RaftEvent.Committed(5));
        awaitApplied(5);
        raft.expectNoMessage();
    }

    @Test
    void aNewLeaderTellsItsLearnersAfterItKnowsAllOfThem() {
        log.append(1, new MetadataCommand.ClaimController(0, 1, "c"));
        log.append(1, register(1, 7));
        log.append(1, register(1, 8));
        log.append(2, EntryType.NOOP, Payload.EMPTY);
        owner.tell(new RaftEvent.RoleChanged(Role.LEADER, 2, OptionalInt.of(1), 4));
        owner.tell(new RaftEvent.Committed(2));
        awaitApplied(2);
        raft.expectNoMessage();

        owner.tell(new RaftEvent.Committed(4));
        raft.expectMessage(new RaftCommand.SetLearners(Set.of(new NodeId(7), new NodeId(8))));
    }

    // Raft's messages, and the end.

    @Test
    void messagesOfPeersAreDeliveredToTheMember() {
        ReplicaMessage.PeerMessage message = new ReplicaMessage.PeerMessage(
                "c",
                KIT.<ReplicaMessage.PeerMessage>createTestProbe().getRef(),
                new Message.AppendAccepted(new NodeId(2), new NodeId(1), 1, 1));
        replica.tell(message);

        raft.expectMessage(new RaftCommand.Deliver(message));
    }

    @Test
    void theClustersMetadataIsNeverDeleted() {
        lead(1);
        replica.tell(ReplicaMessage.Delete.INSTANCE);
        replica.tell(ReplicaMessage.Open.INSTANCE);
        propose(1, register(1, 1));

        raft.expectMessageClass(RaftCommand.Propose.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"member failed", "member ended", "log unreadable", "entry unreadable", "entry missing"})
    void aFailureIsToldAndEndsTheReplicasWork(String fault) {
        lead(1);
        propose(1, register(1, 1));
        long proposalId = raft.expectMessageClass(RaftCommand.Propose.class).proposalId();
        owner.tell(new RaftEvent.ProposalAppended(proposalId, 2));
        propose(2, register(1, 1));
        raft.expectMessageClass(RaftCommand.Propose.class);
        switch (fault) {
            case "member failed" -> owner.tell(new RaftEvent.Failed("fsync failed"));
            case "member ended" -> members.receiveMessage().tell(RaftCommand.Campaign.INSTANCE);
            case "log unreadable" -> {
                log.broken = true;
                owner.tell(new RaftEvent.Committed(2));
            }
            case "entry unreadable" -> {
                log.append(1, EntryType.DATA, Payload.wrap(new byte[] {1, 2, 3}));
                owner.tell(new RaftEvent.Committed(2));
            }
            default -> owner.tell(new RaftEvent.Committed(2));
        }

        assertThat(List.of(outcomes.receiveMessage(), outcomes.receiveMessage()))
                .containsExactlyInAnyOrder(
                        new ProposalOutcome.OutcomeUnknown(1), new ProposalOutcome.OutcomeUnknown(2));
        assertThat(states.receiveMessage().failure()).isPresent();
        propose(3, register(1, 1));
        assertThat(outcomes.expectMessageClass(ProposalOutcome.ReplicaFailed.class)
                        .requestId())
                .isEqualTo(3);
        replica.tell(new MetadataReplica.ForwardedProposal(4, "", outcomes.getRef()));
        outcomes.expectMessageClass(ProposalOutcome.ReplicaFailed.class);
        owner.tell(new RaftEvent.RoleChanged(Role.LEADER, 9, OptionalInt.of(1), 1));
        assertThat(view.current().appliedIndex()).isEqualTo(1);
    }

    @Test
    void whoeverFoundsAClusterHearsWhetherThereIsOne() {
        TestProbe<MetadataFounding.Answer> founder = KIT.createTestProbe();
        replica.tell(new MetadataFounding.Question(founder.getRef()));
        assertThat(founder.receiveMessage()).isEqualTo(new MetadataFounding.Answer(1, false));
        lead(1);
        replica.tell(new MetadataFounding.Question(founder.getRef()));
        assertThat(founder.receiveMessage()).isEqualTo(new MetadataFounding.Answer(1, true));
        owner.tell(new RaftEvent.Started(log, 1, 0, Optional.empty()));
        replica.tell(new MetadataFounding.Question(founder.getRef()));
        assertThat(founder.receiveMessage().knowsCluster())
                .as("what it had when it started")
                .isTrue();
    }

    @Test
    void aReplicaWhoseDamagedLogIsSetAsideEndsToBeStartedAgainAndWhatItKnewIsStillTold() {
        lead(1);
        owner.tell(new RaftEvent.SetAside());
        members.receiveMessage().tell(RaftCommand.Campaign.INSTANCE);
        states.expectTerminated(replica);
        assertThat(view.failure()).isEmpty();
        assertThat(view.caughtUp()).isTrue();
    }

    @Test
    void aSnapshotTakesThePlaceOfWhatWasAppliedAndOfWhatWouldHaveBeen() {
        follow(1, 2);
        log.append(1, EntryType.NOOP, Payload.EMPTY);
        log.append(1, new MetadataCommand.ClaimController(0, 2, "c"));
        owner.tell(new RaftEvent.Committed(2));
        awaitApplied(2);
        ClusterMetadata further = view.current();
        while (further.appliedIndex() < 9) {
            further = further.skip(further.appliedIndex() + 1);
        }
        owner.tell(new RaftEvent.SnapshotInstalled(snapshotAt(9, further)));
        assertThat(awaitApplied(9).metadata()).isEqualTo(further);
        while (log.entries.size() < 9) {
            log.append(1, EntryType.NOOP, Payload.EMPTY);
        }
        log.append(1, register(1, 1));
        owner.tell(new RaftEvent.Committed(10));
        assertThat(awaitApplied(10).metadata().broker(1)).isPresent();
    }

    @Test
    void aReplicaBeginsWithTheSnapshotThatItsLogBeginsWith() {
        ClusterMetadata found = ClusterMetadata.EMPTY
                .apply(1, new MetadataCommand.ClaimController(0, 2, "c"))
                .next();
        owner.tell(new RaftEvent.Started(log, 1, 0, Optional.of(snapshotAt(1, found))));
        follow(1, 2);
        assertThat(awaitApplied(1).metadata()).isEqualTo(found);
    }

    @Test
    void theOlderHalfOfALogThatIsTooLongMayGo() {
        follow(1, 2);
        for (int i = 0; i < 9; i++) {
            log.append(1, EntryType.NOOP, Payload.EMPTY);
        }
        log.sizeBytes = LOG_BYTES_MAX + 1;
        owner.tell(new RaftEvent.Committed(9));
        // It asks with each entry that it has applied: the log gets no shorter here.
        raft.fishForMessage(
                Duration.ofSeconds(10),
                command -> command.equals(new RaftCommand.Trim(5))
                        ? FishingOutcomes.complete()
                        : FishingOutcomes.continueAndIgnore());
    }

    private static Snapshot snapshotAt(long index, ClusterMetadata metadata) {
        Membership voters = Membership.ofVoters(Set.of(new NodeId(1)));
        return new Snapshot(
                new LogPosition(index, 1), 0, Configuration.founding(voters), MetadataCodec.encodeState(metadata));
    }

    @Test
    void everyEventOfTheMemberIsUnderstood() {
        List<RaftEvent> one = List.of(
                new RaftEvent.Started(log, 0, 0, Optional.empty()),
                new RaftEvent.RoleChanged(Role.FOLLOWER, 1, OptionalInt.empty(), 0),
                new RaftEvent.Appended(List.of()),
                new RaftEvent.Truncated(1),
                new RaftEvent.SnapshotInstalled(snapshotAt(1, ClusterMetadata.EMPTY.skip(1))),
                new RaftEvent.Committed(0),
                new RaftEvent.ProposalAppended(99, 1),
                new RaftEvent.CaughtUp(),
                new RaftEvent.MembershipSettled(Membership.ofVoters(Set.of(new NodeId(1)))),
                new RaftEvent.MembersInSync(2, 1),
                new RaftEvent.ReadIndexAnswered(1, new ReadOutcome.Ready(1)),
                new RaftEvent.Damaged("a sector"),
                new RaftEvent.ProposalRefused(99),
                new RaftEvent.SetAside(),
                new RaftEvent.Failed("enough"));
        assertThat(one.stream().<Class<?>>map(Object::getClass))
                .containsExactlyInAnyOrder(RaftEvent.class.getPermittedSubclasses());

        one.forEach(owner::tell);

        MetadataView.State last = states.receiveMessage();
        while (last.failure().isEmpty()) {
            last = states.receiveMessage();
        }
        assertThat(last.failure()).contains("enough");
    }

    private void propose(long requestId, MetadataCommand command) {
        replica.tell(new MetadataReplica.Propose(requestId, command, outcomes.getRef()));
    }

    /** In that term, which begins at the end of the log, and is done with its first entry. */
    private void lead(long term) {
        long index = log.append(term, EntryType.NOOP, Payload.EMPTY);
        owner.tell(new RaftEvent.RoleChanged(Role.LEADER, term, OptionalInt.of(1), index));
        owner.tell(new RaftEvent.Committed(index));
        raft.expectMessage(new RaftCommand.SetLearners(Set.of()));
        awaitApplied(index);
    }

    private void follow(long term, int leader) {
        owner.tell(new RaftEvent.RoleChanged(Role.FOLLOWER, term, OptionalInt.of(leader), log.entries.size()));
    }

    private MetadataView.State awaitApplied(long index) {
        MetadataView.State state = states.receiveMessage();
        while (state.metadata().appliedIndex() < index) {
            state = states.receiveMessage();
        }
        assertThat(state.metadata().appliedIndex()).isEqualTo(index);
        return state;
    }
}
