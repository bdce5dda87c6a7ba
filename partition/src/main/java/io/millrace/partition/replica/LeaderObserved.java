package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A replica tells its own broker who leads its partition, each time that changes.
 *
 * @param replica who says so
 * @param term of that knowledge; a later term is newer
 * @param leader empty while none is known
 * @param leaderRef where the leader takes requests; present only if {@code replica} itself leads and is ready
 */
public record LeaderObserved(
        ReplicaId replica, long term, OptionalInt leader, Optional<ActorRef<PartitionCommand>> leaderRef) {}
