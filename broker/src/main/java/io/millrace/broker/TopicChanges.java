package io.millrace.broker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import io.millrace.controller.ControllerCommand;
import io.millrace.controller.ControllerReply;
import io.millrace.controller.metadata.TopicMetadata;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;

/** Asks the controller, wherever it runs, for a change, and says what became of it. */
public final class TopicChanges {
    /** The controller answers so much before the asker gives up, since an answer says more than silence. */
    private static final Duration MARGIN = Duration.ofMillis(200);

    private final ActorSystem<?> system;
    private final ActorRef<ControllerCommand> controller;

    public TopicChanges(ActorSystem<?> system, ActorRef<ControllerCommand> controller) {
        this.system = system;
        this.controller = controller;
    }

    /** The topic when its creation is committed; fails with a {@link FailureException}. */
    public CompletionStage<TopicMetadata> create(String name, int partitions, int replicationFactor, Duration timeout) {
        return ask(
                        name,
                        timeout,
                        (millis, replyTo) ->
                                new ControllerCommand.CreateTopic(name, partitions, replicationFactor, millis, replyTo))
                .thenApply(reply -> {
                    if (reply instanceof ControllerReply.TopicCreated created) {
                        return created.topic();
                    }
                    throw failureOf(name, reply).asException();
                });
    }

    /** When the deletion is committed; fails with a {@link FailureException}. */
    public CompletionStage<Void> delete(String name, Duration timeout) {
        return ask(name, timeout, (millis, replyTo) -> new ControllerCommand.DeleteTopic(name, millis, replyTo))
                .thenAccept(reply -> {
                    if (!(reply instanceof ControllerReply.TopicDeleted)) {
                        throw failureOf(name, reply).asException();
                    }
                });
    }

    /** How the controller stands now; fails with a {@link FailureException}. */
    public CompletionStage<ControllerReply.Description> describeController(Duration timeout) {
        return AskPattern.<ControllerCommand, ControllerReply>ask(
                        controller, ControllerCommand.DescribeController::new, timeout, system.scheduler())
                .handle((reply, thrown) -> {
                    if (reply instanceof ControllerReply.Description description) {
                        return description;
                    }
                    throw new Failure.ControllerUnavailable("the controller does not answer").asException();
                });
    }

    @FunctionalInterface
    private interface Request {
        ControllerCommand of(long timeoutMillis, ActorRef<ControllerReply> replyTo);
    }

    private CompletionStage<ControllerReply> ask(String topic, Duration timeout, Request request) {
        long forController =
                Math.max(timeout.toMillis() / 2, timeout.minus(MARGIN).toMillis());
        return AskPattern.<ControllerCommand, ControllerReply>ask(
                        controller, replyTo -> request.of(forController, replyTo), timeout, system.scheduler())
                .exceptionally(thrown -> {
                    if (FailureException.unwrap(thrown) instanceof TimeoutException) {
                        throw new Failure.OutcomeUnknown(
                                        topic, OptionalInt.empty(), "the controller has not answered in time")
                                .asException();
                    }
                    throw new IllegalStateException(thrown);
                });
    }

    private static Failure failureOf(String topic, ControllerReply reply) {
        if (reply instanceof ControllerReply.InvalidTopicName r) {
            return new Failure.InvalidTopicName(r.name(), r.problem());
        } else if (reply instanceof ControllerReply.InvalidPartitions r) {
            return new Failure.InvalidPartitions(r.partitions(), r.limit());
        } else if (reply instanceof ControllerReply.InvalidReplicationFactor r) {
            return r.replicationFactor() > r.brokers()
                    ? new Failure.TooFewBrokers(r.replicationFactor(), r.brokers())
                    : new Failure.InvalidReplicationFactor(r.replicationFactor(), r.brokers());
        } else if (reply instanceof ControllerReply.TopicExists r) {
            return new Failure.TopicAlreadyExists(r.name());
        } else if (reply instanceof ControllerReply.UnknownTopic r) {
            return new Failure.UnknownTopic(r.name());
        } else if (reply instanceof ControllerReply.Unavailable r) {
            return new Failure.ControllerUnavailable(r.problem());
        } else if (reply instanceof ControllerReply.OutcomeUnknown) {
            return new Failure.OutcomeUnknown(
                    topic, OptionalInt.empty(), "the controller lost its majority before it was committed");
        } else if (reply instanceof ControllerReply.InvalidRequest r) {
            return new Failure.InvalidRequest("request", r.problem());
        }
        throw new IllegalStateException("not an answer to this: " + reply);
    }
}
