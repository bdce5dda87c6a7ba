package io.millrace.controller;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.ChildFailed;
import akka.actor.typed.PostStop;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.partition.raft.Role;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.replica.ControlMessage;
import io.millrace.partition.replica.HandOver;
import io.millrace.partition.replica.JournalOutOfSpace;
import io.millrace.partition.replica.LogDamage;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.PartitionStatus;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.RaftCommand;
import io.millrace.partition.replica.RaftEvent;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaLog;
import io.millrace.partition.replica.ReplicaMessage;
import io.millrace.partition.replica.StatusRequests;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One broker's replica of the cluster's metadata: the owner of its member of the Raft group {@code __metadata}.
 *
 * <p>It applies what is committed, in order, from the log's beginning on each time it starts, and publishes each state to the
 * {@link MetadataView}. When its log has grown too long, the older half of what is applied is folded into the snapshot that the
 * log begins with. It takes proposals on any broker: a replica that does not lead passes them to the one that does,
 * once, and that one answers to the proposer directly.
 *
 * <p>If its log is damaged, its member sets that aside with the group's consent, and it ends, to be started again with an empty
 * one. A member that failed, an unreadable log or an entry that makes no sense end its work for good: the view says so, proposals
 * are refused, and its Raft member is stopped, so that it can neither lead nor vote. Only a restart of the broker
 * begins anew.
 */
public final class MetadataReplica extends AbstractBehavior<ReplicaMessage> {
    /** Of the group; no user can create a topic of this name. */
    public static final String TOPIC = "__metadata";

    private static final int READ_BYTES_MAX = 1 << 20;

    /** How it is named on that broker. */
    public static ReplicaId idOn(int brokerId) {
        return new ReplicaId(TOPIC, 0, 0, brokerId);
    }

    /**
     * Get this command committed. Only on the same broker. Answered by a {@link ProposalOutcome}.
     *
     * @param requestId the proposer's, given back in the outcome
     */
    public record Propose(long requestId, MetadataCommand command, ActorRef<ProposalOutcome> replyTo)
            implements ReplicaMessage {}

    /**
     * The same from another broker's replica, which takes this one for the leader.
     *
     * @param command as {@link MetadataCodec} writes it
     */
    record ForwardedProposal(long requestId, String command, ActorRef<ProposalOutcome> replyTo)
            implements ReplicaMessage, ControlMessage {}

    private record RaftSaid(RaftEvent event) implements ReplicaMessage {}

    private record StatusOfRaft(RaftStatus raft) implements ReplicaMessage {}

    private record EntriesRead(int logsReplaced, List<Entry> entries) implements ReplicaMessage {}

    private record ReadFailed(int logsReplaced, Throwable cause) implements ReplicaMessage {}

    private final int self;
    private final Set<NodeId> voters;
    private final MetadataView view;
    private final PeerRouter peers;
    private final ActorRef<RaftCommand> raft;
    private final Proposals proposals;
    private final HandOver handOver;
    private final StatusRequests statusRequests;
    private final int proposalsMax;
    private final long logBytesMax;
    private final MetadataStateMachine state = new MetadataStateMachine();

    /** Ends when its Raft member has, to be started again. */
    private boolean beginsAnew;

    private @Nullable ReplicaLog log;
    /** When it started. */
    private boolean hadEntries;

    /** By snapshots. What was read of an earlier one is of no use. */
    private int logsReplaced;
    /** Known to be committed; 0 until this is heard for the first time since the start, or since a snapshot was installed. */
    private long commitIndex;

    private boolean reading;
    private boolean caughtUp;
    /** What of the log cannot be read any more. */
    private @Nullable String damage;

    private long term;
    private OptionalInt leader = OptionalInt.empty();
    /** The term that this replica leads in; 0 if it does not. */
    private long leadingTerm;
    /** While leading: once this is applied, so is everything that earlier leaders committed. */
    private long leadingFromIndex;

    /** What this leader has told its Raft member; null if nothing yet. */
    private @Nullable Set<NodeId> learners;

    /**
     * A replica that is to be spawned once per broker.
     *
     * @param self the id of this broker
     * @param voters brokers configured to vote on metadata; every other broker that registers becomes a learner
     * @param view where it publishes; its own
     * @param raft makes the group's member on this broker; the parameter is its owner
     * @param proposalsMax so many may wait for their commit
     * @param logBytesMax with more, the log is shortened, a few segments at a time
     */
    public static Behavior<ReplicaMessage> create(
            int self,
            Set<Integer> voters,
            MetadataView view,
            PeerRouter peers,
            Function<ActorRef<RaftEvent>, Behavior<RaftCommand>> raft,
            int proposalsMax,
            long logBytesMax) {
        return Behaviors.setup(
                context -> new MetadataReplica(context, self, voters, view, peers, raft, proposalsMax, logBytesMax));
    }

    private MetadataReplica(
            ActorContext<ReplicaMessage> context,
            int self,
            Set<Integer> voters,
            MetadataView view,
            PeerRouter peers,
            Function<ActorRef<RaftEvent>, Behavior<RaftCommand>> raft,
            int proposalsMax,
            long logBytesMax) {
        super(context);
        this.self = self;
        this.voters = voters.stream().map(NodeId::new).collect(Collectors.toUnmodifiableSet());
        this.view = view;
        this.peers = peers;
        this.proposals = new Proposals(proposalsMax);
        this.proposalsMax = proposalsMax;
        this.logBytesMax = logBytesMax;
        ActorRef<RaftEvent> owner = context.messageAdapter(RaftEvent.class, RaftSaid::new);
        this.raft = context.spawn(raft.apply(owner), "raft");
        context.watch(this.raft);
        this.handOver = new HandOver(context, 0, this.raft, peers::isReachable);
        this.statusRequests =
                new StatusRequests(this.raft, context.messageAdapter(RaftStatus.class, StatusOfRaft::new));
    }

    @Override
    public Receive<ReplicaMessage> createReceive() {
        return newReceiveBuilder()
                .onMessage(ReplicaMessage.PeerMessage.class, this::onPeerMessage)
                .onMessage(Propose.class, this::onPropose)
                .onMessage(ForwardedProposal.class, this::onForwardedProposal)
                .onMessage(MetadataFounding.Question.class, this::onFoundingQuestion)
                .onMessage(PartitionCommand.TransferLeadership.class, this::onTransferLeadership)
                .onMessage(HandOver.Internal.class, this::onHandOver)
                .onMessage(PartitionCommand.GetStatus.class, this::onGetStatus)
                .onMessage(StatusOfRaft.class, this::onStatus)
                .onMessage(RaftSaid.class, said -> onRaftEvent(said.event))
                .onMessage(EntriesRead.class, this::onEntriesRead)
                .onMessage(ReadFailed.class, this::onReadFailed)
                .onMessage(ReplicaMessage.Open.class, open -> this)
                .onMessage(ReplicaMessage.Delete.class, this::onDelete)
                .onSignal(ChildFailed.class, this::onRaftFailed)
                .onSignal(Terminated.class, ended -> onRaftEnded())
                .onSignal(PostStop.class, stopped -> onPostStop())
                .build();
    }

    private Behavior<ReplicaMessage> onPeerMessage(ReplicaMessage.PeerMessage message) {
        raft.tell(new RaftCommand.Deliver(message));
        return this;
    }

    private Behavior<ReplicaMessage> onDelete(ReplicaMessage.Delete delete) {
        getContext().getLog().error("Refused to delete this broker's replica of the cluster's metadata");
        return this;
    }

    // Proposals.

    private Behavior<ReplicaMessage> onPropose(Propose request) {
        if (leadingTerm == 0 && leader.isPresent()) {
            ForwardedProposal forwarded =
                    new ForwardedProposal(request.requestId, MetadataCodec.toJson(request.command), request.replyTo);
            if (peers.tell(idOn(leader.getAsInt()), forwarded)) {
                return this;
            }
        }
        propose(request.requestId, request.command, request.replyTo);
        return this;
    }

    private Behavior<ReplicaMessage> onForwardedProposal(ForwardedProposal request) {
        MetadataCommand command;
        try {
            command = MetadataCodec.fromJson(request.command);
        } catch (MetadataFormatException e) {
            getContext().getLog().error("Refused a proposal of another broker", e);
            request.replyTo.tell(new ProposalOutcome.ReplicaFailed(request.requestId, String.valueOf(e.getMessage())));
            return this;
        }
        // Not passed on again: two replicas that take each other for the leader would never stop.
        propose(request.requestId, command, request.replyTo);
        return this;
    }

    private void propose(long requestId, MetadataCommand command, ActorRef<ProposalOutcome> replyTo) {
        if (leadingTerm == 0) {
            replyTo.tell(new ProposalOutcome.NoLeader(requestId));
        } else if (proposals.isFull()) {
            replyTo.tell(new ProposalOutcome.Overloaded(requestId, proposalsMax));
        } else {
            long proposalId = proposals.open(leadingTerm, requestId, replyTo);
            raft.tell(new RaftCommand.Propose(leadingTerm, proposalId, MetadataCodec.encode(command)));
        }
    }

    /** Of a voter with an empty disk. What is in the log may be committed; before it is open, there is nothing to say. */
    private Behavior<ReplicaMessage> onFoundingQuestion(MetadataFounding.Question question) {
        if (log != null) {
            question.replyTo().tell(new MetadataFounding.Answer(self, hadEntries || commitIndex > 0));
        }
        return this;
    }

    private Behavior<ReplicaMessage> onTransferLeadership(PartitionCommand.TransferLeadership request) {
        handOver.begin(request, leadingTerm != 0, leader);
        return this;
    }

    private Behavior<ReplicaMessage> onHandOver(HandOver.Internal event) {
        handOver.on(event);
        return this;
    }

    private Behavior<ReplicaMessage> onGetStatus(PartitionCommand.GetStatus request) {
        if (log == null) {
            StatusRequests.answer(request, PartitionStatus.notRunning(idOn(self), "RECOVERING", null, term));
        } else {
            statusRequests.add(request);
        }
        return this;
    }

    private Behavior<ReplicaMessage> onStatus(StatusOfRaft status) {
        if (log != null) {
            statusRequests.answer(PartitionStatus.withoutRecords(idOn(self), status.raft, log, damage));
        }
        return this;
    }

    // What the Raft member says.

    private Behavior<ReplicaMessage> onRaftEvent(RaftEvent event) {
        if (event instanceof RaftEvent.Started started) {
            log = started.log();
            hadEntries = started.lastIndex() > 0;
            started.start().ifPresent(snapshot -> state.restore(snapshot.state()));
        } else if (event instanceof RaftEvent.SnapshotInstalled installed) {
            onSnapshotInstalled(installed.snapshot());
        } else if (event instanceof RaftEvent.RoleChanged changed) {
            onRoleChanged(changed);
        } else if (event instanceof RaftEvent.Committed committed) {
            commitIndex = Math.max(commitIndex, committed.index());
            readNext();
        } else if (event instanceof RaftEvent.ProposalAppended appended) {
            proposals.appended(appended.proposalId(), appended.index(), leadingTerm);
        } else if (event instanceof RaftEvent.ProposalRefused refused) {
            proposals.refused(refused.proposalId());
        } else if (event instanceof RaftEvent.Damaged damaged) {
            damage = damaged.problem();
            getContext().getLog().error("The log of the cluster's metadata is damaged here: {}", damage);
        } else if (event instanceof RaftEvent.SetAside) {
            beginsAnew = true;
        } else if (event instanceof RaftEvent.Failed failed) {
            return fail(failed.problem(), null);
        } else if (!(event instanceof RaftEvent.Appended
                || event instanceof RaftEvent.Truncated
                || event instanceof RaftEvent.CaughtUp
                || event instanceof RaftEvent.MembersInSync
                || event instanceof RaftEvent.MembershipSettled
                || event instanceof RaftEvent.ReadIndexAnswered)) {
            // Those are about entries that are not committed, or reads, which it does not ask for: nothing here depends
            // on them.
            throw new IllegalStateException("an event that this replica does not know: " + event);
        }
        return this;
    }

    private void onRoleChanged(RaftEvent.RoleChanged changed) {
        long nowLeading = changed.role() == Role.LEADER ? changed.term() : 0;
        if (leadingTerm != nowLeading) {
            proposals.leadershipLost();
            learners = null;
            leadingTerm = nowLeading;
            leadingFromIndex = changed.lastIndex();
        }
        if (term != changed.term() || !leader.equals(changed.leader())) {
            term = changed.term();
            leader = changed.leader();
            getContext()
                    .getLog()
                    .info(
                            "Metadata: term {}, {}",
                            term,
                            leader.isPresent() ? "led by broker " + leader.getAsInt() : "no leader yet");
        }
        onProgress();
    }

    // Applying.

    /** What is committed beyond it the leader has yet to say. */
    private void onSnapshotInstalled(Snapshot snapshot) {
        state.restore(snapshot.state());
        commitIndex = 0;
        reading = false;
        logsReplaced++;
        onProgress();
    }

    private void readNext() {
        long applied = state.metadata().appliedIndex();
        if (reading || log == null || applied >= commitIndex) {
            return;
        }
        reading = true;
        int asked = logsReplaced;
        getContext()
                .pipeToSelf(
                        log.read(applied + 1, commitIndex, READ_BYTES_MAX),
                        (entries, failure) ->
                                failure == null ? new EntriesRead(asked, entries) : new ReadFailed(asked, failure));
    }

    private Behavior<ReplicaMessage> onEntriesRead(EntriesRead read) {
        if (read.logsReplaced != logsReplaced) {
            return this;
        }
        reading = false;
        if (read.entries.isEmpty()) {
            return fail("entry " + (state.metadata().appliedIndex() + 1) + " is committed but not in the log", null);
        }
        for (Entry entry : read.entries) {
            try {
                apply(entry);
            } catch (RuntimeException e) {
                // All replicas meet the same entry: going on would mean to differ from those that understood it.
                return fail("entry " + entry.index() + " cannot be applied: " + e.getMessage(), e);
            }
        }
        onProgress();
        readNext();
        trimIfLong();
        return this;
    }

    private void apply(Entry entry) {
        state.resultOf(entry).ifPresent(result -> proposals.applied(entry, result));
    }

    /** Half of it stays, so that who was away for a while finds what it missed. */
    private void trimIfLong() {
        if (log != null && log.sizeBytes() > logBytesMax) {
            long first = log.firstIndex();
            raft.tell(new RaftCommand.Trim(first + (state.metadata().appliedIndex() - first) / 2));
        }
    }

    private Behavior<ReplicaMessage> onReadFailed(ReadFailed failed) {
        if (failed.logsReplaced != logsReplaced) {
            return this;
        }
        Optional<String> damage = LogDamage.in(failed.cause);
        if (damage.isPresent()) {
            reading = true; // no more, until it has another log
            raft.tell(new RaftCommand.Damaged(damage.get()));
            return this;
        }
        return fail("its log cannot be read: " + failed.cause.getMessage(), failed.cause);
    }

    /** After anything that the published state or the learners depend on. */
    private void onProgress() {
        long applied = state.metadata().appliedIndex();
        boolean knowsAll = leadingTerm != 0
                ? applied >= leadingFromIndex
                // The leader says what is committed with the first message that finds the logs to agree.
                : leader.isPresent() && commitIndex > 0 && applied >= commitIndex;
        if (knowsAll && !caughtUp) {
            caughtUp = true;
            getContext().getLog().info("Metadata: caught up at entry {}", applied);
        }
        if (caughtUp || !view.caughtUp()) { // what an earlier life knew last is better than nothing
            view.publish(new MetadataView.State(state.metadata(), caughtUp, Optional.empty()));
        }
        // Not before everything is known: else brokers that registered long ago would lose their place for a moment.
        if (leadingTerm != 0 && knowsAll) {
            updateLearners();
        }
    }

    private void updateLearners() {
        Set<NodeId> wanted = state.metadata().brokers().keySet().stream()
                .map(NodeId::new)
                .filter(broker -> !voters.contains(broker))
                .collect(Collectors.toUnmodifiableSet());
        if (!wanted.equals(learners)) {
            learners = wanted;
            raft.tell(new RaftCommand.SetLearners(wanted));
        }
    }

    // The end.

    private Behavior<ReplicaMessage> onRaftFailed(ChildFailed failed) {
        JournalOutOfSpace.publishIfIn(failed.getCause(), getContext().getSystem());
        return onRaftEnded();
    }

    private Behavior<ReplicaMessage> onRaftEnded() {
        return beginsAnew ? Behaviors.stopped() : fail("its Raft member has ended", null);
    }

    private Behavior<ReplicaMessage> onPostStop() {
        proposals.abandonAll();
        return this;
    }

    private Behavior<ReplicaMessage> fail(String problem, @Nullable Throwable cause) {
        getContext().getLog().error("This broker's replica of the cluster's metadata has failed: " + problem, cause);
        proposals.abandonAll();
        view.publish(new MetadataView.State(state.metadata(), caughtUp, Optional.of(problem)));
        getContext().stop(raft);
        PartitionStatus failed = PartitionStatus.notRunning(idOn(self), "FAILED", problem, term);
        statusRequests.answer(failed);
        return newReceiveBuilder()
                .onMessage(PartitionCommand.GetStatus.class, request -> {
                    StatusRequests.answer(request, failed);
                    return Behaviors.same();
                })
                .onMessage(Propose.class, request -> refuse(request.requestId, problem, request.replyTo))
                .onMessage(ForwardedProposal.class, request -> refuse(request.requestId, problem, request.replyTo))
                .onAnyMessage(ignored -> Behaviors.same())
                .onSignal(Terminated.class, ended -> Behaviors.same())
                .build();
    }

    private static Behavior<ReplicaMessage> refuse(long requestId, String problem, ActorRef<ProposalOutcome> replyTo) {
        replyTo.tell(new ProposalOutcome.ReplicaFailed(requestId, problem));
        return Behaviors.same();
    }
}
