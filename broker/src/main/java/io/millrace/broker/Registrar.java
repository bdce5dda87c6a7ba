package io.millrace.broker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.controller.ControllerCommand;
import io.millrace.controller.ControllerReply;
import java.time.Duration;

/**
 * Introduces this broker to the controller, again and again until it is registered or told that it must not be.
 *
 * <p>At the start there may be no controller, no majority of the metadata group, or an earlier life of this very broker that
 * the cluster has not yet let go of: all of these pass.
 */
final class Registrar extends AbstractBehavior<Registrar.Command> {
    private static final Duration ATTEMPT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration RETRY_MIN = Duration.ofMillis(100);
    private static final Duration RETRY_MAX = Duration.ofSeconds(2);
    /** A broker that was killed and restarted at once: its earlier member may be Up until it is found out. */
    private static final Duration TAKEN_FOR_GOOD_AFTER = Duration.ofSeconds(20);

    sealed interface Command {}

    private record Replied(ControllerReply reply) implements Command {}

    private enum Attempt implements Command {
        INSTANCE
    }

    private enum NoAnswer implements Command {
        INSTANCE
    }

    /** How it ended. */
    sealed interface Outcome {}

    /** @param index of the metadata by which it is */
    record Registered(String clusterId, long index) implements Outcome {}

    /** It will not be registered, and must not run. */
    record Refused(String why) implements Outcome {}

    /** Makes a request that is to be answered there. */
    interface Introduction {
        ControllerCommand to(long timeoutMillis, ActorRef<ControllerReply> replyTo);
    }

    private final TimerScheduler<Command> timers;
    private final ActorRef<ControllerCommand> controller;
    private final Introduction introduction;
    private final ActorRef<Outcome> listener;
    private final ActorRef<ControllerReply> replies;
    private Duration retryDelay = RETRY_MIN;
    private Duration waitedForId = Duration.ZERO;
    private String lastProblem = "";

    static Behavior<Command> create(
            ActorRef<ControllerCommand> controller, Introduction introduction, ActorRef<Outcome> listener) {
        return Behaviors.setup(context ->
                Behaviors.withTimers(timers -> new Registrar(context, timers, controller, introduction, listener)));
    }

    private Registrar(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ActorRef<ControllerCommand> controller,
            Introduction introduction,
            ActorRef<Outcome> listener) {
        super(context);
        this.timers = timers;
        this.controller = controller;
        this.introduction = introduction;
        this.listener = listener;
        this.replies = context.messageAdapter(ControllerReply.class, Replied::new);
        context.getSelf().tell(Attempt.INSTANCE);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessageEquals(Attempt.INSTANCE, this::onAttempt)
                .onMessageEquals(NoAnswer.INSTANCE, () -> tryAgain("the controller does not answer"))
                .onMessage(Replied.class, this::onReplied)
                .build();
    }

    private Behavior<Command> onAttempt() {
        timers.startSingleTimer(NoAnswer.INSTANCE, ATTEMPT_TIMEOUT);
        controller.tell(introduction.to(ATTEMPT_TIMEOUT.toMillis() * 4 / 5, replies));
        return this;
    }

    private Behavior<Command> onReplied(Replied message) {
        ControllerReply reply = message.reply();
        if (reply instanceof ControllerReply.BrokerRegistered registered) {
            listener.tell(new Registered(registered.clusterId(), registered.metadataIndex()));
            return Behaviors.stopped();
        } else if (reply instanceof ControllerReply.WrongCluster wrong) {
            return refuse(
                    "this broker's data belongs to cluster " + wrong.actual() + ", but the brokers found are cluster "
                            + wrong.expected() + ": check millrace.data-dir and millrace.cluster.seeds");
        } else if (reply instanceof ControllerReply.BrokerIdTaken taken) {
            return onIdTaken(taken);
        } else if (reply instanceof ControllerReply.InvalidRequest invalid) {
            return refuse("the controller does not accept this broker: " + invalid.problem());
        } else if (reply instanceof ControllerReply.Unavailable unavailable) {
            return tryAgain(unavailable.problem());
        } else {
            return tryAgain("the controller could not decide");
        }
    }

    private Behavior<Command> onIdTaken(ControllerReply.BrokerIdTaken taken) {
        String problem = "broker id " + taken.brokerId() + " is used by another broker, at " + taken.by();
        if (waitedForId.compareTo(TAKEN_FOR_GOOD_AFTER) >= 0) {
            return refuse(problem + ": set millrace.broker-id to a number of its own");
        }
        waitedForId = waitedForId.plus(retryDelay);
        return tryAgain(problem);
    }

    private Behavior<Command> refuse(String why) {
        listener.tell(new Refused(why));
        return Behaviors.stopped();
    }

    private Behavior<Command> tryAgain(String problem) {
        if (!problem.equals(lastProblem)) {
            lastProblem = problem;
            getContext().getLog().info("Not registered yet: {}", problem);
        }
        timers.cancel(NoAnswer.INSTANCE);
        timers.startSingleTimer(Attempt.INSTANCE, retryDelay);
        Duration doubled = retryDelay.multipliedBy(2);
        retryDelay = doubled.compareTo(RETRY_MAX) < 0 ? doubled : RETRY_MAX;
        return this;
    }
}
