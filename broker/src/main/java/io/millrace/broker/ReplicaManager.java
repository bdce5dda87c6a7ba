package io.millrace.broker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.broker.routing.LeaderDirectory;
import io.millrace.controller.MetadataView;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMessage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;

/**
 * Makes the replicas that run here be those that the metadata gives this broker.
 *
 * <p>Acts only on metadata that has caught up: what is older may lack a topic whose records are here, or still have one that is
 * gone.
 */
final class ReplicaManager extends AbstractBehavior<ReplicaManager.Command> {
    /** Until this broker itself is an Up member, nothing reaches its replicas. */
    private static final Duration RETRY_AFTER = Duration.ofMillis(50);

    sealed interface Command {}

    private record Changed(MetadataView.State state) implements Command {}

    private enum Retry implements Command {
        INSTANCE
    }

    private record Swept(int deleted) implements Command {}

    private record SweepFailed(Throwable cause) implements Command {}

    private final TimerScheduler<Command> timers;
    private final int brokerId;
    private final PeerRouter replicas;
    private final ActorRef<LeaderDirectory.Command> directory;
    private final LeftoverDirectories leftovers;
    private final Executor blocking;

    private final Set<ReplicaId> assigned = new HashSet<>();
    /** Assigned, and not told to open yet. */
    private final Set<ReplicaId> toOpen = new LinkedHashSet<>();

    /** Running, perhaps with settings that its topic does not have any more. */
    private final Set<ReplicaId> toReconfigure = new LinkedHashSet<>();
    /** By the topics' ids, as the replicas were told. */
    private Map<Long, NavigableMap<String, String>> topicSettings = Map.of();

    private boolean swept;

    /**
     * @param replicaRoot where the replicas have their directories
     * @param blocking for deleting files
     */
    static Behavior<Command> create(
            int brokerId,
            MetadataView view,
            PeerRouter replicas,
            ActorRef<LeaderDirectory.Command> directory,
            Path replicaRoot,
            Executor blocking) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers ->
                new ReplicaManager(context, timers, brokerId, view, replicas, directory, replicaRoot, blocking)));
    }

    private ReplicaManager(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            int brokerId,
            MetadataView view,
            PeerRouter replicas,
            ActorRef<LeaderDirectory.Command> directory,
            Path replicaRoot,
            Executor blocking) {
        super(context);
        this.timers = timers;
        this.brokerId = brokerId;
        this.replicas = replicas;
        this.directory = directory;
        this.leftovers = new LeftoverDirectories(replicaRoot, brokerId);
        this.blocking = blocking;
        view.subscribe(context.messageAdapter(MetadataView.State.class, Changed::new));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Changed.class, this::onChanged)
                .onMessageEquals(Retry.INSTANCE, this::onRetry)
                .onMessage(Swept.class, this::onSwept)
                .onMessage(SweepFailed.class, this::onSweepFailed)
                .build();
    }

    private Behavior<Command> onChanged(Changed message) {
        if (!message.state().caughtUp()) {
            return this;
        }
        ClusterMetadata metadata = message.state().metadata();
        if (!swept) {
            swept = true;
            sweep(metadata);
        }
        Set<ReplicaId> wanted = replicasOf(metadata);
        Set<ReplicaId> gone = new HashSet<>(assigned);
        gone.removeAll(wanted);
        gone.forEach(this::delete);
        Set<ReplicaId> fresh = new LinkedHashSet<>(wanted);
        fresh.removeAll(assigned);
        assigned.addAll(fresh);
        toOpen.addAll(fresh);
        forgetTopics(gone, metadata);
        noteSettings(metadata);
        tellAll();
        return this;
    }

    private void delete(ReplicaId replica) {
        assigned.remove(replica);
        toOpen.remove(replica);
        toReconfigure.remove(replica);
        getContext().getLog().info("Deleting {}: its topic is gone", replica.group());
        replicas.tell(replica, ReplicaMessage.Delete.INSTANCE);
    }

    private void forgetTopics(Set<ReplicaId> gone, ClusterMetadata metadata) {
        Set<Long> left = idsOf(metadata);
        Set<Long> topicIds = gone.stream()
                .map(ReplicaId::topicId)
                .filter(id -> !left.contains(id))
                .collect(Collectors.toSet());
        if (!topicIds.isEmpty()) {
            directory.tell(new LeaderDirectory.Forget(topicIds));
        }
    }

    private void noteSettings(ClusterMetadata metadata) {
        Map<Long, NavigableMap<String, String>> now = metadata.topics().values().stream()
                .collect(Collectors.toMap(TopicMetadata::id, TopicMetadata::settings));
        Map<Long, NavigableMap<String, String>> before = topicSettings;
        topicSettings = now;
        Set<Long> altered = before.keySet().stream()
                .filter(id -> now.containsKey(id) && !now.get(id).equals(before.get(id)))
                .collect(Collectors.toSet());
        if (!altered.isEmpty()) {
            assigned.stream()
                    .filter(replica -> altered.contains(replica.topicId()) && !toOpen.contains(replica))
                    .forEach(toReconfigure::add);
        }
    }

    private Behavior<Command> onRetry() {
        tellAll();
        return this;
    }

    private void tellAll() {
        toOpen.removeIf(replica -> replicas.tell(replica, ReplicaMessage.Open.INSTANCE));
        toReconfigure.removeIf(replica -> replicas.tell(replica, ReplicaMessage.Reconfigure.INSTANCE));
        if (!toOpen.isEmpty() || !toReconfigure.isEmpty()) {
            timers.startSingleTimer(Retry.INSTANCE, RETRY_AFTER);
        }
    }

    private Set<ReplicaId> replicasOf(ClusterMetadata metadata) {
        Set<ReplicaId> here = new LinkedHashSet<>();
        for (TopicMetadata topic : metadata.topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                if (topic.replicas(partition).contains(brokerId)) {
                    here.add(new ReplicaId(topic.name(), topic.id(), partition, brokerId));
                }
            }
        }
        return here;
    }

    private void sweep(ClusterMetadata metadata) {
        CompletableFuture<Integer> deleted = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return leftovers.delete(idsOf(metadata), metadata.appliedIndex());
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                },
                blocking);
        getContext()
                .pipeToSelf(deleted, (count, thrown) -> thrown == null ? new Swept(count) : new SweepFailed(thrown));
    }

    private static Set<Long> idsOf(ClusterMetadata metadata) {
        return metadata.topics().values().stream().map(TopicMetadata::id).collect(Collectors.toSet());
    }

    private Behavior<Command> onSwept(Swept message) {
        if (message.deleted() > 0) {
            getContext().getLog().info("Deleted {} directories of topics that are gone", message.deleted());
        }
        return this;
    }

    private Behavior<Command> onSweepFailed(SweepFailed message) {
        getContext().getLog().warn("Cannot delete all directories of topics that are gone", message.cause());
        return this;
    }
}
