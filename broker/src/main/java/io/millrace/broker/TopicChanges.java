package io.millrace.broker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import io.millrace.controller.ControllerCommand;
import io.millrace.controller.ControllerReply;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.TopicMetadata;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;

/** Asks the controller, wherever it runs, for a change, and says what became of it. */
public final class TopicChanges {
    /** The controller answers so much before the asker gives up, since an answer says more than silence. */
    private static final Duration MARGIN = Duration.ofMillis(500);

    /** For changes that are not about a single one. */
    static final String NO_TOPIC = "";

    private final ActorSystem<?> system;
    private static final Duration ASK_AGAIN_AFTER = Duration.ofSeconds(5);

    private final ActorRef<ControllerCommand> controller;
    private final Duration askAgainAfter;

    public TopicChanges(ActorSystem<?> system, ActorRef<ControllerCommand> controller) {
        this(system, controller, ASK_AGAIN_AFTER);
    }

    TopicChanges(ActorSystem<?> system, ActorRef<ControllerCommand> controller, Duration askAgainAfter) {
        this.system = system;
        this.controller = controller;
        this.askAgainAfter = askAgainAfter;
    }

    /**
     * The topic when its creation is committed; fails with a {@link FailureException}.
     *
     * @param assignment the brokers that shall hold each partition; none: the controller chooses
     */
    public CompletionStage<TopicMetadata> create(
            String name,
            int partitions,
            int replicationFactor,
            List<List<Integer>> assignment,
            Map<String, String> settings,
            Duration timeout) {
        return ask(
                        name,
                        timeout,
                        (millis, replyTo) -> new ControllerCommand.CreateTopic(
                                name, partitions, replicationFactor, assignment, settings, millis, replyTo))
                .thenApply(reply -> {
                    if (reply instanceof ControllerReply.TopicCreated created) {
                        return created.topic();
                    }
                    throw failureOf(name, reply).asException();
                });
    }

    /**
     * The topic as it is when the change is committed; fails with a {@link FailureException}.
     *
     * @param partitions 0: as many as there are
     * @param assignment the brokers that shall hold each partition that is added; none: the controller chooses
     */
    public CompletionStage<TopicMetadata> alter(
            String name,
            Map<String, String> settings,
            List<String> reset,
            int partitions,
            List<List<Integer>> assignment,
            Duration timeout) {
        return ask(
                        name,
                        timeout,
                        (millis, replyTo) -> new ControllerCommand.AlterTopic(
                                name, settings, reset, partitions, assignment, millis, replyTo))
                .thenApply(reply -> {
                    if (reply instanceof ControllerReply.TopicAltered altered) {
                        return altered.topic();
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

    /** What is moved, or would be, when that is committed; fails with a {@link FailureException}. */
    public CompletionStage<ControllerReply.MovePlan> reassign(
            List<ControllerCommand.Destination> destinations, boolean dryRun, Duration timeout) {
        return plan(
                timeout,
                (millis, replyTo) -> new ControllerCommand.ReassignPartitions(destinations, dryRun, millis, replyTo));
    }

    /** The same, for a broker that is to be drained, or not any more. */
    public CompletionStage<ControllerReply.MovePlan> setState(
            int brokerId, BrokerState state, boolean dryRun, Duration timeout) {
        return plan(
                timeout,
                (millis, replyTo) -> new ControllerCommand.SetBrokerState(brokerId, state, dryRun, millis, replyTo));
    }

    /** What will be moved to even out what brokers carry, or would be; fails with a {@link FailureException}. */
    public CompletionStage<ControllerReply.ReplicasPlanned> rebalanceReplicas(
            ControllerCommand.RebalanceReplicas.Mode mode, Duration timeout) {
        return ask(
                        NO_TOPIC,
                        timeout,
                        (millis, replyTo) -> new ControllerCommand.RebalanceReplicas(mode, millis, replyTo))
                .thenApply(reply -> {
                    if (reply instanceof ControllerReply.ReplicasPlanned planned) {
                        return planned;
                    }
                    throw failureOf(NO_TOPIC, reply).asException();
                });
    }

    private CompletionStage<ControllerReply.MovePlan> plan(Duration timeout, Request request) {
        return ask(NO_TOPIC, timeout, request).thenApply(reply -> {
            if (reply instanceof ControllerReply.MovePlan plan) {
                return plan;
            }
            throw failureOf(NO_TOPIC, reply).asException();
        });
    }

    /** When it is committed that there is no such broker any more; fails with a {@link FailureException}. */
    public CompletionStage<Void> unregister(int brokerId, Duration timeout) {
        return ask(
                        NO_TOPIC,
                        timeout,
                        (millis, replyTo) -> new ControllerCommand.UnregisterBroker(brokerId, millis, replyTo))
                .thenAccept(reply -> {
                    if (!(reply instanceof ControllerReply.Changed)) {
                        throw failureOf(NO_TOPIC, reply).asException();
                    }
                });
    }

    /**
     * When it is committed that one broker, or all, have other settings; fails with a {@link FailureException}.
     *
     * @param brokerId empty: all
     */
    public CompletionStage<Void> alterBrokerSettings(
            OptionalInt brokerId, Map<String, String> settings, List<String> reset, Duration timeout) {
        return ask(
                        NO_TOPIC,
                        timeout,
                        (millis, replyTo) ->
                                new ControllerCommand.AlterBrokerSettings(brokerId, settings, reset, millis, replyTo))
                .thenAccept(reply -> {
                    if (!(reply instanceof ControllerReply.Changed)) {
                        throw failureOf(NO_TOPIC, reply).asException();
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

    /**
     * Asks again and again, since a controller whose process has died answers nothing: the next one gets the next question. The
     * first answer counts, but for one to a repeated question that says no more than that this one did nothing. One controller answers in the order of the
     * questions, so that an answer to a repeated question never overtakes that to the original.
     */
    private CompletionStage<ControllerReply> ask(String topic, Duration timeout, Request request) {
        CompletableFuture<ControllerReply> answer = new CompletableFuture<>();
        attempt(topic, System.nanoTime() + timeout.toNanos(), true, request, answer);
        return answer;
    }

    private void attempt(
            String topic,
            long deadlineNanos,
            boolean first,
            Request request,
            CompletableFuture<ControllerReply> answer) {
        Duration left = Duration.ofNanos(deadlineNanos - System.nanoTime());
        if (answer.isDone() || left.isNegative() || left.isZero()) {
            return; // the first attempt tells when the time is over
        }
        long forController = Math.max(left.toMillis() / 2, left.minus(MARGIN).toMillis());
        var unused = AskPattern.<ControllerCommand, ControllerReply>ask(
                        controller, replyTo -> request.of(forController, replyTo), left, system.scheduler())
                .whenComplete((reply, thrown) -> {
                    if (reply != null && !first && maySpeakOfItsOwnSuccess(reply)) {
                        answer.completeExceptionally(unknown(
                                topic, "the controller changed meanwhile, and now the topic is as it was to become"));
                    } else if (reply instanceof ControllerReply.Unavailable && !first) {
                        return; // what became of the original, the next controller may tell
                    } else if (reply != null) {
                        answer.complete(reply);
                    } else if (FailureException.unwrap(thrown) instanceof TimeoutException) {
                        answer.completeExceptionally(unknown(topic, "the controller has not answered in time"));
                    } else {
                        answer.completeExceptionally(new IllegalStateException(thrown));
                    }
                });
        system.scheduler()
                .scheduleOnce(
                        askAgainAfter,
                        () -> attempt(topic, deadlineNanos, false, request, answer),
                        system.executionContext());
    }

    /** To a question that was asked before, this may well be the trace of its own success. */
    private static boolean maySpeakOfItsOwnSuccess(ControllerReply reply) {
        return reply instanceof ControllerReply.TopicExists
                || reply instanceof ControllerReply.UnknownTopic
                || reply instanceof ControllerReply.UnknownBroker;
    }

    private static FailureException unknown(String topic, String why) {
        return new Failure.OutcomeUnknown(topic, OptionalInt.empty(), why).asException();
    }

    /** @param topic that was to be changed, for an outcome that is unknown; {@link #NO_TOPIC} if it was none */
    static Failure failureOf(String topic, ControllerReply reply) {
        if (reply instanceof ControllerReply.InvalidTopicName r) {
            return new Failure.InvalidTopicName(r.name(), r.problem());
        } else if (reply instanceof ControllerReply.InvalidPartitions r) {
            return new Failure.InvalidPartitions(r.partitions(), r.limit());
        } else if (reply instanceof ControllerReply.InvalidReplicationFactor r) {
            return r.replicationFactor() > r.brokers()
                    ? new Failure.TooFewBrokers(r.replicationFactor(), r.brokers())
                    : new Failure.InvalidReplicationFactor(r.replicationFactor(), r.brokers());
        } else if (reply instanceof ControllerReply.InvalidTopicSettings r) {
            return new Failure.InvalidRequest("settings", r.problem());
        } else if (reply instanceof ControllerReply.InvalidAssignment r) {
            return new Failure.InvalidRequest("assignment", r.problem());
        } else if (reply instanceof ControllerReply.TopicExists r) {
            return new Failure.TopicAlreadyExists(r.name());
        } else if (reply instanceof ControllerReply.UnknownTopic r) {
            return new Failure.UnknownTopic(r.name());
        } else if (reply instanceof ControllerReply.UnknownPartition r) {
            return new Failure.UnknownPartition(r.topic(), r.partition(), r.partitions());
        } else if (reply instanceof ControllerReply.UnknownBroker r) {
            return new Failure.UnknownBroker(r.brokerId());
        } else if (reply instanceof ControllerReply.Refused r) {
            return new Failure.ReassignmentRefused(r.problem());
        } else if (reply instanceof ControllerReply.Unavailable r) {
            return new Failure.ControllerUnavailable(r.problem());
        } else if (reply instanceof ControllerReply.OutcomeUnknown) {
            return new Failure.OutcomeUnknown(
                    topic, OptionalInt.empty(), "the controller lost its majority before it was committed");
        } else if (reply instanceof ControllerReply.InvalidBrokerSettings r) {
            return new Failure.InvalidRequest("settings", r.problem());
        } else if (reply instanceof ControllerReply.InvalidRequest r) {
            return new Failure.InvalidRequest("request", r.problem());
        }
        throw new IllegalStateException("not an answer to this: " + reply);
    }
}
