package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.replica.ReplicaMessage.PeerMessage;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The other members of one group, as one can reach them: by the ActorRef from which they were last heard, or, before that
 * and after a silence, through sharding. A message for a broker that is not reachable is dropped here and now.
 */
final class Peers {
    private record Known(ActorRef<PeerMessage> ref, long heardMillis) {}

    private static final Logger LOG = LoggerFactory.getLogger(Peers.class);

    private final ReplicaId self;
    private final ReplicaContext context;
    private final ActorRef<PeerMessage> selfRef;
    private final Map<NodeId, Known> known = new HashMap<>();
    private boolean warnedOfForeignCluster;

    Peers(ReplicaId self, ReplicaContext context, ActorRef<PeerMessage> selfRef) {
        this.self = self;
        this.context = context;
        this.selfRef = selfRef;
    }

    /** Whether this is of the same cluster; if not, it is to be ignored. */
    boolean heard(PeerMessage received) {
        NodeId from = received.message().from();
        String own = context.clusterId().get();
        if (!own.isEmpty() && !received.clusterId().isEmpty() && !own.equals(received.clusterId())) {
            if (!warnedOfForeignCluster) {
                warnedOfForeignCluster = true;
                LOG.error(
                        "Broker {} belongs to cluster {}, this one to {}: its messages are ignored",
                        from,
                        received.clusterId(),
                        own);
            }
            return false;
        }
        known.put(from, new Known(received.sender(), context.monotonicMillis().getAsLong()));
        return true;
    }

    void send(Message message) {
        int broker = message.to().value();
        if (!context.peers().isReachable(broker)) {
            known.remove(message.to());
            return;
        }
        PeerMessage envelope = new PeerMessage(context.clusterId().get(), selfRef, message);
        Known peer = known.get(message.to());
        long silentMillis =
                peer == null ? Long.MAX_VALUE : context.monotonicMillis().getAsLong() - peer.heardMillis();
        // A ref goes stale when its process is replaced; whoever is silent so long may have been.
        if (peer != null && silentMillis < context.raft().electionTimeoutMillisMax()) {
            peer.ref().tell(envelope);
        } else {
            context.peers().tell(self.on(broker), envelope);
        }
    }
}
