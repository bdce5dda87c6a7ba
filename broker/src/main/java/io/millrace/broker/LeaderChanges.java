package io.millrace.broker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import io.millrace.controller.ControllerCommand;
import io.millrace.controller.ControllerReply;
import io.millrace.partition.replica.TransferFailure;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** Asks the controller, wherever it runs, to move leadership, and says what became of it. */
public final class LeaderChanges {
    private final ActorSystem<?> system;
    private final ActorRef<ControllerCommand> controller;

    public LeaderChanges(ActorSystem<?> system, ActorRef<ControllerCommand> controller) {
        this.system = system;
        this.controller = controller;
    }

    /** Completed when that broker leads; fails with a {@link FailureException}. */
    public CompletionStage<Void> transfer(String topic, int partition, int broker, Duration timeout) {
        return ask(
                        replyTo -> new ControllerCommand.TransferLeader(topic, partition, broker, replyTo),
                        timeout,
                        new Failure.OutcomeUnknown(
                                topic, OptionalInt.of(partition), "the controller has not answered in time"))
                .thenAccept(reply -> {
                    if (!(reply instanceof ControllerReply.LeaderTransferred)) {
                        throw failureOf(reply).asException();
                    }
                });
    }

    /** What is begun, or would be; fails with a {@link FailureException}. */
    public CompletionStage<ControllerReply.LeadersPlanned> rebalance(boolean dryRun, Duration timeout) {
        return ask(
                        replyTo -> new ControllerCommand.RebalanceLeaders(dryRun, replyTo),
                        timeout,
                        new Failure.ControllerUnavailable("the controller does not answer"))
                .thenApply(reply -> {
                    if (reply instanceof ControllerReply.LeadersPlanned planned) {
                        return planned;
                    }
                    throw failureOf(reply).asException();
                });
    }

    private CompletionStage<ControllerReply> ask(
            Function<ActorRef<ControllerReply>, ControllerCommand> request, Duration timeout, Failure withoutAnswer) {
        return AskPattern.<ControllerCommand, ControllerReply>ask(
                        controller, request::apply, timeout, system.scheduler())
                .handle((reply, thrown) -> {
                    if (thrown != null) {
                        throw withoutAnswer.asException();
                    }
                    return reply;
                });
    }

    private static Failure failureOf(ControllerReply reply) {
        if (reply instanceof ControllerReply.LeaderNotTransferred r && r.why() == TransferFailure.NO_LEADER) {
            return new Failure.NoLeader(r.topic(), r.partition(), OptionalInt.empty(), Optional.empty());
        } else if (reply instanceof ControllerReply.LeaderNotTransferred r && r.why() == TransferFailure.NO_ANSWER) {
            return new Failure.OutcomeUnknown(
                    r.topic(), OptionalInt.of(r.partition()), r.why().text());
        } else if (reply instanceof ControllerReply.LeaderNotTransferred r) {
            return new Failure.LeaderNotTransferred(r.topic(), r.partition(), r.brokerId(), r.why());
        }
        return TopicChanges.failureOf(TopicChanges.NO_TOPIC, reply);
    }
}
