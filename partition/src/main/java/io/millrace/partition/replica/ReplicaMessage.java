package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import io.millrace.partition.raft.Message;
import java.util.Set;

/**
 * What may be sent to a replica by its {@link ReplicaId} alone, through sharding. Sending any of these to a replica of
 * this cluster's metadata starts it on its broker; a replica that its broker's metadata does not know ends at once.
 */
public interface ReplicaMessage {

    /** Start, if it does not run yet. */
    enum Open implements ReplicaMessage {
        INSTANCE
    }

    /** The settings of its topic may have changed: look at them. Only from its own broker. */
    enum Reconfigure implements ReplicaMessage {
        INSTANCE
    }

    /**
     * Decide, if this replica leads, which of its records are kept no longer. Only from its own broker.
     *
     * @param nowMillis since 1970
     */
    record ApplyRetention(long nowMillis) implements ReplicaMessage {}

    /**
     * These brokers are to hold the partition, and no others: if this replica leads, it sees to that (decision 018). Only from its own
     * broker.
     *
     * @param index names what is asked for: later ones are greater
     * @param replyTo hears when it is so
     */
    record Relocate(long index, Set<Integer> brokers, ActorRef<Relocated> replyTo) implements ReplicaMessage {
        public Relocate {
            brokers = Set.copyOf(brokers);
        }
    }

    /** The group's members are those that {@link Relocate} has asked for, by a committed entry of its log. */
    record Relocated(ReplicaId replica, long index) {}

    /** Stop: another has taken the place of this one, which has let go of its files. Only from its supervisor. */
    enum End implements ReplicaMessage {
        INSTANCE
    }

    /** Stop, close the files and delete them: nobody needs this replica any more. Only from its own broker. */
    enum Delete implements ReplicaMessage {
        INSTANCE
    }

    /**
     * A Raft message from the same group's member on another broker.
     *
     * @param clusterId of the sender, empty while it knows none; members of different clusters never talk
     * @param sender answers go there, so that sharding is needed for the first message only
     */
    record PeerMessage(String clusterId, ActorRef<PeerMessage> sender, Message message) implements ReplicaMessage {}
}
