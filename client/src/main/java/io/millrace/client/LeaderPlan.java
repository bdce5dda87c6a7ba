package io.millrace.client;

import io.millrace.protocol.v1.RebalanceLeadersResponse;
import java.util.List;

/**
 * Which leaders are moved to make brokers carry about the same.
 *
 * @param moves none: they are as even as they can be
 * @param brokers those that hold replicas
 */
public record LeaderPlan(List<Move> moves, List<BrokerShare> brokers) {
    public LeaderPlan {
        moves = List.copyOf(moves);
        brokers = List.copyOf(brokers);
    }

    /**
     * @param from the broker that leads
     * @param to the broker that shall lead
     * @param reason for people
     */
    public record Move(String topic, int partition, int from, int to, String reason) {}

    /**
     * What a broker carries by leading, the mean of all brokers being 1.
     *
     * @param before as the brokers have reported it some seconds ago
     * @param after all moves
     */
    public record BrokerShare(int broker, double before, double after) {}

    static LeaderPlan of(RebalanceLeadersResponse response) {
        return new LeaderPlan(
                response.getMovesList().stream()
                        .map(move -> new Move(
                                move.getTopic(), move.getPartition(), move.getFrom(), move.getTo(), move.getReason()))
                        .toList(),
                response.getBrokersList().stream()
                        .map(share -> new BrokerShare(share.getBroker(), share.getBefore(), share.getAfter()))
                        .toList());
    }
}
