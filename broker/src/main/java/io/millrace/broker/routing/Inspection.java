package io.millrace.broker.routing;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.PartitionStatus;
import io.millrace.partition.replica.ReplicaId;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** How partitions stand, for administrators. For any thread. */
public final class Inspection {
    private final Supplier<ClusterMetadata> metadata;
    private final LeaderView leaders;
    private final ActorRef<LeaderDirectory.Command> directory;
    private final ActorRef<ReplicaInspector.Command> inspector;
    private final Consumer<Behavior<LeadersAwaited.Message>> spawn;

    /** @param spawn runs an actor of the broker's */
    public Inspection(
            Supplier<ClusterMetadata> metadata,
            LeaderView leaders,
            ActorRef<LeaderDirectory.Command> directory,
            ActorRef<ReplicaInspector.Command> inspector,
            Consumer<Behavior<LeadersAwaited.Message>> spawn) {
        this.metadata = metadata;
        this.leaders = leaders;
        this.directory = directory;
        this.inspector = inspector;
        this.spawn = spawn;
    }

    /** What each of these replicas, and no other, says of itself; empty if it does not answer within that time. Never fails. */
    public CompletionStage<Map<ReplicaId, Optional<PartitionStatus>>> ask(
            Collection<ReplicaId> replicas, Duration timeout) {
        CompletableFuture<Map<ReplicaId, Optional<PartitionStatus>>> answer = new CompletableFuture<>();
        inspector.tell(new ReplicaInspector.Inspect(replicas, timeout, answer));
        return answer;
    }

    /** Whether, within this time, every partition of a new topic got a leader and this broker's metadata has the topic. */
    public CompletionStage<Boolean> awaitLeaders(TopicMetadata topic, Duration timeout) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        spawn.accept(LeadersAwaited.create(
                topic.id(),
                topic.partitionCount(),
                () -> metadata.get().appliedIndex() >= topic.id(),
                leaders,
                directory,
                timeout,
                done));
        return done;
    }
}
