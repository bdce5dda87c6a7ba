package io.millrace.controller;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.TransferFailure;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Has one partition's leader hand over: asks a replica, goes on to the one that it takes for the leader, and tells what came of
 * it. Lives for as long as that takes.
 */
final class LeaderTransfer extends AbstractBehavior<LeaderTransfer.Command> {
    /** While an election is under way, a replica may name one that does not lead yet, or any more. */
    private static final Duration ASK_AGAIN_AFTER = Duration.ofMillis(100);

    sealed interface Command {}

    private record Replied(PartitionReply reply) implements Command {}

    private enum AskAgain implements Command {
        INSTANCE
    }

    private enum TimeIsUp implements Command {
        INSTANCE
    }

    /**
     * How it ended.
     *
     * @param failure empty: the target leads, or is about to
     */
    record Ended(long id, Optional<TransferFailure> failure) {}

    private final TimerScheduler<Command> timers;
    private final long id;
    private final PeerRouter replicas;
    private final TopicMetadata topic;
    private final int partition;
    private final int target;
    private final ActorRef<Ended> asker;
    private final ActorRef<PartitionReply> replies;

    private int asked;
    private TransferFailure known = TransferFailure.NO_LEADER;

    /**
     * @param id names it to the asker
     * @param first the broker that is asked first
     * @param target the broker that shall lead
     */
    static Behavior<Command> create(
            long id,
            PeerRouter replicas,
            TopicMetadata topic,
            int partition,
            int first,
            int target,
            Duration within,
            ActorRef<Ended> asker) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            timers.startSingleTimer(TimeIsUp.INSTANCE, within);
            LeaderTransfer transfer =
                    new LeaderTransfer(context, timers, id, replicas, topic, partition, target, asker);
            transfer.ask(first);
            return transfer;
        }));
    }

    private LeaderTransfer(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            long id,
            PeerRouter replicas,
            TopicMetadata topic,
            int partition,
            int target,
            ActorRef<Ended> asker) {
        super(context);
        this.timers = timers;
        this.id = id;
        this.replicas = replicas;
        this.topic = topic;
        this.partition = partition;
        this.target = target;
        this.asker = asker;
        this.replies = context.messageAdapter(PartitionReply.class, Replied::new);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Replied.class, replied -> onReplied(replied.reply()))
                .onMessageEquals(AskAgain.INSTANCE, () -> ask(another()))
                .onMessageEquals(TimeIsUp.INSTANCE, () -> end(Optional.of(known)))
                .build();
    }

    private Behavior<Command> ask(int broker) {
        asked = broker;
        ReplicaId replica = new ReplicaId(topic.name(), topic.id(), partition, broker);
        boolean sent = replicas.tell(
                replica, new PartitionCommand.TransferLeadership(broker, OptionalInt.of(target), replies));
        if (sent) {
            known = TransferFailure.NO_ANSWER;
        } else {
            askAgainLater();
        }
        return this;
    }

    private void askAgainLater() {
        timers.startSingleTimer(AskAgain.INSTANCE, ASK_AGAIN_AFTER);
    }

    private int another() {
        List<Integer> all = topic.replicas(partition);
        return all.get((all.indexOf(asked) + 1) % all.size());
    }

    private Behavior<Command> onReplied(PartitionReply reply) {
        if (reply.requestId() != asked) {
            return this; // of one that was asked before
        } else if (reply instanceof PartitionReply.HandedOver) {
            return end(Optional.empty());
        } else if (reply instanceof PartitionReply.NotHandedOver not) {
            return end(not.why() == TransferFailure.LEADS_ALREADY ? Optional.empty() : Optional.of(not.why()));
        }
        known = TransferFailure.NO_LEADER;
        if (reply instanceof PartitionReply.NotLeader not
                && not.leader().isPresent()
                && not.leader().getAsInt() != asked) {
            return ask(not.leader().getAsInt());
        }
        askAgainLater();
        return this;
    }

    private Behavior<Command> end(Optional<TransferFailure> failure) {
        asker.tell(new Ended(id, failure));
        return Behaviors.stopped();
    }
}
