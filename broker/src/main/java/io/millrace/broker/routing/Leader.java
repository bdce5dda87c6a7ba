package io.millrace.broker.routing;

import akka.actor.typed.ActorRef;
import io.millrace.partition.replica.PartitionCommand;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a partition's leader.
 *
 * @param term of that knowledge; a later term is newer
 * @param broker empty if the term has no leader yet, or it gave up
 * @param ref where it takes requests; null if that is not known, or it is not ready
 * @param reachable whether its broker can be reached now
 */
public record Leader(long term, OptionalInt broker, @Nullable ActorRef<PartitionCommand> ref, boolean reachable) {
    /** Where to send a request; null if there is nowhere. */
    public @Nullable ActorRef<PartitionCommand> readyRef() {
        return reachable ? ref : null;
    }

    Leader reachable(boolean now) {
        return new Leader(term, broker, ref, now);
    }
}
