package io.millrace.controller;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.partition.replica.ControlMessage;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.ReplicaMessage;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * What a voter on metadata does that starts with nothing on its disk: it finds out whether the cluster is new, or has lost what
 * this disk had. It asks the other voters, and takes part in no election before it knows: a voter that has forgotten its votes
 * must not give them again (decision 012).
 *
 * <pre>
 *   one of the others knows the cluster                          this disk was lost, or comes late
 *   none does, and all have answered                             the cluster is new
 *   none does, a majority of voters has nothing, this one
 *     included, and the others have been silent for 5 s          the cluster is new
 *   otherwise                                                    not known yet
 * </pre>
 */
public final class MetadataFounding extends AbstractBehavior<ReplicaMessage> {
    private static final Duration ASK_EVERY = Duration.ofMillis(200);
    private static final Duration WITHOUT_ALL = Duration.ofSeconds(5);

    /** Do you know a cluster? From another voter's replica. */
    record Question(ActorRef<Answer> replyTo) implements ReplicaMessage, ControlMessage {}

    /** @param knowsCluster whether there is, or may be, anything in its log */
    record Answer(int brokerId, boolean knowsCluster) implements ControlMessage {}

    private record Answered(Answer answer) implements ReplicaMessage {}

    private enum Ask implements ReplicaMessage {
        INSTANCE
    }

    private enum WaitedLongEnough implements ReplicaMessage {
        INSTANCE
    }

    private final int self;
    private final Set<Integer> voters;
    private final PeerRouter peers;
    private final Function<Boolean, Behavior<ReplicaMessage>> replica;
    private final ActorRef<Answer> answers;
    private final TimerScheduler<ReplicaMessage> timers;
    private final Set<Integer> withNothing = new TreeSet<>();
    private boolean waitedLongEnough;

    /**
     * @param self the id of this broker, one of {@code voters}
     * @param replica what to go on as; the parameter: whether the cluster is new
     */
    public static Behavior<ReplicaMessage> create(
            int self, Set<Integer> voters, PeerRouter peers, Function<Boolean, Behavior<ReplicaMessage>> replica) {
        if (voters.equals(Set.of(self))) {
            return replica.apply(true); // nobody else could know
        }
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new MetadataFounding(context, timers, self, voters, peers, replica)));
    }

    private MetadataFounding(
            ActorContext<ReplicaMessage> context,
            TimerScheduler<ReplicaMessage> timers,
            int self,
            Set<Integer> voters,
            PeerRouter peers,
            Function<Boolean, Behavior<ReplicaMessage>> replica) {
        super(context);
        this.self = self;
        this.voters = Set.copyOf(voters);
        this.peers = peers;
        this.replica = replica;
        this.timers = timers;
        this.answers = context.messageAdapter(Answer.class, Answered::new);
        withNothing.add(self);
        timers.startTimerWithFixedDelay(Ask.INSTANCE, Duration.ZERO, ASK_EVERY);
        timers.startSingleTimer(WaitedLongEnough.INSTANCE, WITHOUT_ALL);
        context.getLog()
                .info("Metadata: nothing is on this disk; asking brokers {} whether there is a cluster", voters);
    }

    @Override
    public Receive<ReplicaMessage> createReceive() {
        return newReceiveBuilder()
                .onMessageEquals(Ask.INSTANCE, this::onAsk)
                .onMessageEquals(WaitedLongEnough.INSTANCE, this::onWaitedLongEnough)
                .onMessage(Answered.class, answered -> onAnswer(answered.answer))
                .onMessage(Question.class, this::onQuestion)
                .onMessage(MetadataReplica.Propose.class, this::onPropose)
                .onAnyMessage(saidAgain -> this)
                .build();
    }

    private Behavior<ReplicaMessage> onAsk() {
        for (int voter : voters) {
            if (voter != self) {
                peers.tell(MetadataReplica.idOn(voter), new Question(answers));
            }
        }
        return this;
    }

    private Behavior<ReplicaMessage> onQuestion(Question question) {
        question.replyTo.tell(new Answer(self, false));
        return this;
    }

    private Behavior<ReplicaMessage> onPropose(MetadataReplica.Propose request) {
        request.replyTo().tell(new ProposalOutcome.NoLeader(request.requestId()));
        return this;
    }

    private Behavior<ReplicaMessage> onAnswer(Answer answer) {
        if (answer.knowsCluster) {
            getContext()
                    .getLog()
                    .warn(
                            "Metadata: broker {} knows a cluster, and this disk has nothing of it: it has no vote until it has caught up",
                            answer.brokerId);
            return goOn(false);
        }
        withNothing.add(answer.brokerId);
        return foundIfSure();
    }

    private Behavior<ReplicaMessage> onWaitedLongEnough() {
        waitedLongEnough = true;
        return foundIfSure();
    }

    private Behavior<ReplicaMessage> foundIfSure() {
        boolean isMajority = withNothing.size() > voters.size() / 2;
        return withNothing.containsAll(voters) || (isMajority && waitedLongEnough) ? goOn(true) : this;
    }

    private Behavior<ReplicaMessage> goOn(boolean isNew) {
        timers.cancelAll();
        return replica.apply(isNew);
    }
}
