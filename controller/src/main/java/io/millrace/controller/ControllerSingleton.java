package io.millrace.controller;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.SupervisorStrategy;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.ClusterSingleton;
import akka.cluster.typed.ClusterSingletonSettings;
import akka.cluster.typed.SingletonActor;
import java.time.Duration;

/**
 * Runs the {@link Controller} on one broker of the cluster, and finds it from all.
 *
 * <p>It runs where metadata is replicated by vote, the role {@code metadata-voter}: there the log is never far behind, and
 * if none of those brokers is up, nothing could be decided anyway.
 */
public final class ControllerSingleton {
    /** The role of the brokers that vote on metadata. */
    public static final String ROLE = "metadata-voter";

    private static final String NAME = "controller";
    /** While nobody knows where the controller is; the oldest is dropped, and its asker's time runs out. */
    private static final int REQUESTS_BUFFERED_MAX = 100;

    private ControllerSingleton() {}

    /**
     * To be called once on every broker; on those without the role it only gives the way to the controller.
     *
     * @param controller from {@link Controller#create}
     * @return where requests go
     */
    public static ActorRef<ControllerCommand> start(ActorSystem<?> system, Behavior<ControllerCommand> controller) {
        Behavior<ControllerCommand> supervised = Behaviors.supervise(controller)
                .onFailure(SupervisorStrategy.restartWithBackoff(Duration.ofSeconds(1), Duration.ofSeconds(10), 0.2));
        return ClusterSingleton.get(system)
                .init(SingletonActor.of(supervised, NAME)
                        .withStopMessage(ControllerCommand.Stop.INSTANCE)
                        .withSettings(ClusterSingletonSettings.create(system)
                                .withRole(ROLE)
                                .withBufferSize(REQUESTS_BUFFERED_MAX)));
    }
}
