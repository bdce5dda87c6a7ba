package io.millrace.client;

import io.millrace.protocol.v1.RebalanceReplicasResponse;
import io.millrace.protocol.v1.ReplicaShare;
import java.util.List;

/**
 * Which replicas are moved to make brokers carry about the same for their capacity.
 *
 * @param moves the first 1,000; none: brokers are as even as they can be
 * @param brokers those that may have replicas
 * @param advised whether brokers differ so much that it is worth doing
 * @param underWay whether it is being done, until there is nothing left to do or it is stopped
 */
public record ReplicaPlan(List<MovePlan.Move> moves, List<BrokerShare> brokers, boolean advised, boolean underWay) {
    /** Takes copies. */
    public ReplicaPlan {
        moves = List.copyOf(moves);
        brokers = List.copyOf(brokers);
    }

    /**
     * What a broker has when all that is under way is done.
     *
     * @param after all moves
     */
    public record BrokerShare(int broker, Held before, Held after) {}

    /**
     * @param preferredLeaders partitions that it should lead
     * @param bytesInPerSecond that are written to its replicas, as leaders reported it some seconds ago
     * @param sizeBytes of its replicas, likewise
     * @param carried all of it put together, for the broker's capacity, the mean of all brokers being 1
     */
    public record Held(int replicas, int preferredLeaders, long bytesInPerSecond, long sizeBytes, double carried) {
        private static Held of(ReplicaShare.Held told) {
            return new Held(
                    told.getReplicas(),
                    told.getPreferredLeaders(),
                    told.getBytesInPerSecond(),
                    told.getSizeBytes(),
                    told.getCarried());
        }
    }

    static ReplicaPlan of(RebalanceReplicasResponse response) {
        return new ReplicaPlan(
                response.getMovesList().stream().map(MovePlan.Move::of).toList(),
                response.getBrokersList().stream()
                        .map(share -> new BrokerShare(
                                share.getBroker(), Held.of(share.getBefore()), Held.of(share.getAfter())))
                        .toList(),
                response.getAdvised(),
                response.getUnderWay());
    }
}
