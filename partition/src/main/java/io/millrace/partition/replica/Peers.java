package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.replica.ReplicaMessage.PeerMessage;
import java.util.HashMap;
import java.util.Map;

/**
 * The other members of one group, as one can reach them: by the ActorRef from which they were last heard, or, before that
 * and after a silence, through sharding. A message for a broker that is not reachable is dropped here and now.
 */
final class Peers {
    private record Known(ActorRef<PeerMessage> ref, long heardMillis) {}

    private final ReplicaId self;
    private final ReplicaContext context;
    private final ActorRef<PeerMessage> selfRef;
    private final Map<NodeId, Known> known = new HashMap<>();

    Peers(ReplicaId self, ReplicaContext context, ActorRef<PeerMessage> selfRef) {
        this.self = self;
        this.context = context;
        this.selfRef = selfRef;
    }

    void heard(NodeId from, ActorRef<PeerMessage> ref) {
        known.put(from, new Known(ref, context.monotonicMillis().getAsLong()));
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
