package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.ChildFailed;
import akka.actor.typed.Terminated;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one replica running: the entity that sharding knows. A replica that has to begin anew – it has set its damaged log
 * aside, or there is room on its disk again – ends, and is started again here with nothing left of its former life, as if the
 * broker had been restarted. One that has failed for good stays, and tells why.
 *
 * <p>Only what is addressed by {@link ReplicaId} comes this way; who knows the replica itself talks to it.
 */
public final class ReplicaSupervisor extends AbstractBehavior<ReplicaMessage> {
    private static final Duration REOPEN_AFTER_MIN = Duration.ofSeconds(1);
    private static final Duration REOPEN_AFTER_MAX = Duration.ofMinutes(1);

    private final Function<Life, Behavior<ReplicaMessage>> replicas;
    private final LongSupplier monotonicMillis;

    private ActorRef<ReplicaMessage> replica;
    private long startedMillis;
    private Duration reopenAfter = REOPEN_AFTER_MIN;
    private boolean deleting;
    private ReplicaMessage.@Nullable Relocate relocate;

    /**
     * What a replica is told about the life that begins.
     *
     * @param reopenAfter if it should find no room on its disk, it is to wait at least so long before it begins anew; longer
     *     each time if that did not help
     * @param supervisor hears of it when the replica has let go of its files, so that another can take its place. The replica
     *     answers what comes meanwhile, until it gets {@link ReplicaMessage.End}
     */
    public record Life(Duration reopenAfter, ActorRef<BeginAnew> supervisor) {}

    /** From a replica that has let go of its files. */
    public record BeginAnew(ActorRef<ReplicaMessage> replica) implements ReplicaMessage {}

    /** @param replicas makes the replica, which may also just end to begin anew */
    public static Behavior<ReplicaMessage> create(
            LongSupplier monotonicMillis, Function<Life, Behavior<ReplicaMessage>> replicas) {
        return Behaviors.setup(actor -> new ReplicaSupervisor(actor, monotonicMillis, replicas));
    }

    private ReplicaSupervisor(
            ActorContext<ReplicaMessage> actor,
            LongSupplier monotonicMillis,
            Function<Life, Behavior<ReplicaMessage>> replicas) {
        super(actor);
        this.replicas = replicas;
        this.monotonicMillis = monotonicMillis;
        this.replica = start();
    }

    private ActorRef<ReplicaMessage> start() {
        startedMillis = monotonicMillis.getAsLong();
        ActorRef<ReplicaMessage> started = getContext()
                .spawnAnonymous(replicas.apply(
                        new Life(reopenAfter, getContext().getSelf().narrow())));
        getContext().watch(started);
        if (relocate != null) {
            started.tell(relocate);
        }
        return started;
    }

    @Override
    public Receive<ReplicaMessage> createReceive() {
        return newReceiveBuilder()
                .onSignal(ChildFailed.class, failed -> onFailed(failed.getCause()))
                .onSignal(
                        Terminated.class,
                        ended -> replica.equals(ended.getRef().<ReplicaMessage>unsafeUpcast()) ? onEnded() : this)
                .onMessage(BeginAnew.class, this::onBeginAnew)
                .onMessageEquals(ReplicaMessage.Delete.INSTANCE, this::onDelete)
                .onMessage(ReplicaMessage.Relocate.class, this::onRelocate)
                .onAnyMessage(this::onMessage)
                .build();
    }

    private Behavior<ReplicaMessage> onMessage(ReplicaMessage message) {
        replica.tell(message);
        return this;
    }

    /** A replica that is started again must know as well. */
    private Behavior<ReplicaMessage> onRelocate(ReplicaMessage.Relocate message) {
        relocate = message;
        return onMessage(message);
    }

    private Behavior<ReplicaMessage> onDelete() {
        deleting = true;
        return onMessage(ReplicaMessage.Delete.INSTANCE);
    }

    /** What has been sent on to the old one is answered by it. */
    private Behavior<ReplicaMessage> onBeginAnew(BeginAnew anew) {
        if (!deleting && anew.replica().equals(replica)) {
            startAgain();
            anew.replica().tell(ReplicaMessage.End.INSTANCE);
        }
        return this;
    }

    private Behavior<ReplicaMessage> onEnded() {
        if (deleting) {
            return Behaviors.stopped();
        }
        startAgain();
        return this;
    }

    private void startAgain() {
        boolean soon = monotonicMillis.getAsLong() - startedMillis
                < REOPEN_AFTER_MAX.multipliedBy(2).toMillis();
        reopenAfter = soon ? longer(reopenAfter) : REOPEN_AFTER_MIN;
        replica = start();
    }

    private static Duration longer(Duration before) {
        Duration doubled = before.multipliedBy(2);
        return doubled.compareTo(REOPEN_AFTER_MAX) < 0 ? doubled : REOPEN_AFTER_MAX;
    }

    /** A mistake of ours: sharding would start it again with the next message, to make the same mistake. */
    private Behavior<ReplicaMessage> onFailed(@Nullable Throwable cause) {
        getContext().getLog().error("A replica has ended with an error that it did not expect", cause);
        return Behaviors.stopped();
    }
}
