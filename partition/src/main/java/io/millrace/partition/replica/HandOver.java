package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.partition.replica.PartitionCommand.TransferLeadership;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * How a replica that leads hands over when it is asked to: looks who can take over, tries the one that was named, or one after
 * the other, and tells what came of it. One request at a time.
 */
public final class HandOver {
    /** Longer than the Raft member takes to answer, whatever the settings: a bound for one that has ended. */
    private static final Duration ANSWERED_WITHIN = Duration.ofSeconds(30);

    /** What the replica's actor hears from here, and gives back to {@link #on}. */
    public sealed interface Internal extends ReplicaMessage {}

    private record StatusKnown(@Nullable RaftStatus status) implements Internal {}

    private record Tried(int broker, @Nullable TransferOutcome outcome) implements Internal {}

    private final ActorContext<ReplicaMessage> actor;
    private final int partition;
    private final ActorRef<RaftCommand> raft;
    private final IntPredicate reachable;

    private @Nullable TransferLeadership asked;
    /** To be tried after the one that is being tried. */
    private Deque<Integer> next = new ArrayDeque<>();

    /**
     * @param partition makes that those that lead here hand over to different brokers
     * @param raft the replica's member
     * @param reachable whether a broker is a reachable member of the cluster
     */
    public HandOver(
            ActorContext<ReplicaMessage> actor, int partition, ActorRef<RaftCommand> raft, IntPredicate reachable) {
        this.actor = actor;
        this.partition = partition;
        this.raft = raft;
        this.reachable = reachable;
    }

    /**
     * @param leads whether the replica leads, be it ready or not
     * @param leader that it knows of
     */
    public void begin(TransferLeadership request, boolean leads, OptionalInt leader) {
        if (!leads) {
            request.replyTo().tell(new PartitionReply.NotLeader(request.requestId(), leader));
        } else if (asked != null) {
            refuse(request, TransferFailure.BUSY);
        } else {
            asked = request;
            actor.ask(
                    RaftStatus.class,
                    raft,
                    ANSWERED_WITHIN,
                    RaftCommand.GetStatus::new,
                    (status, failure) -> new StatusKnown(status));
        }
    }

    public void on(Internal event) {
        TransferLeadership request = asked;
        if (request == null) {
            return;
        } else if (event instanceof StatusKnown known && known.status() != null) {
            choose(request, new Heirs(known.status(), reachable));
        } else if (event instanceof Tried tried && tried.outcome() instanceof TransferOutcome.HandedOver) {
            asked = null;
            request.replyTo().tell(new PartitionReply.HandedOver(request.requestId(), tried.broker()));
        } else if (event instanceof Tried tried && tried.outcome() != null && !next.isEmpty()) {
            tryNext();
        } else if (event instanceof Tried tried && tried.outcome() != null) {
            end(request, failureOf(tried.outcome()));
        } else {
            end(request, TransferFailure.NOBODY); // its member has ended
        }
    }

    private void choose(TransferLeadership request, Heirs heirs) {
        Optional<TransferFailure> objection = request.target().isPresent()
                ? heirs.objectionTo(request.target().getAsInt())
                : Optional.empty();
        List<Integer> able =
                request.target().isPresent() ? List.of(request.target().getAsInt()) : heirs.inTurn(partition);
        if (objection.isPresent()) {
            end(request, objection.get());
        } else if (able.isEmpty()) {
            end(request, TransferFailure.NOBODY);
        } else {
            next = new ArrayDeque<>(able);
            tryNext();
        }
    }

    private void tryNext() {
        int broker = next.removeFirst();
        actor.ask(
                TransferOutcome.class,
                raft,
                ANSWERED_WITHIN,
                replyTo -> new RaftCommand.TransferLeadership(new NodeId(broker), replyTo),
                (outcome, failure) -> new Tried(broker, outcome));
    }

    private void end(TransferLeadership request, TransferFailure why) {
        asked = null;
        next.clear();
        refuse(request, why);
    }

    private static void refuse(TransferLeadership request, TransferFailure why) {
        request.replyTo().tell(new PartitionReply.NotHandedOver(request.requestId(), why));
    }

    private static TransferFailure failureOf(TransferOutcome outcome) {
        if (outcome instanceof TransferOutcome.Refused refused) {
            return switch (refused.reason()) {
                case NOT_LEADER -> TransferFailure.NOBODY;
                case TRANSFERRING -> TransferFailure.BUSY;
                case NOT_A_VOTER -> TransferFailure.NOT_A_VOTER;
                case UNCHANGED -> TransferFailure.LEADS_ALREADY;
                case SILENT -> TransferFailure.UNREACHABLE;
            };
        }
        return TransferFailure.NOT_TAKEN;
    }
}
