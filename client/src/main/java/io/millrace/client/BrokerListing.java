package io.millrace.client;

import io.millrace.protocol.v1.BrokerState;
import java.util.Optional;

/**
 * A broker and what it holds, as the broker that was asked knows it.
 *
 * @param client where it serves clients
 * @param alive whether the broker that was asked can reach it
 * @param draining whether its replicas are moved to others
 * @param rack what fails together with it, if its operator said so
 * @param replicas that it holds, or is to hold
 * @param leaders partitions that it leads
 * @param moving partitions that are under way to it or off it
 * @param votesOnMetadata whether it votes on the cluster's metadata, so that it cannot be unregistered
 */
public record BrokerListing(
        int id,
        HostPort client,
        boolean alive,
        boolean draining,
        Optional<String> rack,
        int replicas,
        int leaders,
        int moving,
        boolean votesOnMetadata) {

    static BrokerListing of(BrokerState state) {
        return new BrokerListing(
                state.getBroker().getId(),
                new HostPort(state.getBroker().getHost(), state.getBroker().getPort()),
                state.getBroker().getAlive(),
                state.getDraining(),
                Optional.of(state.getRack()).filter(rack -> !rack.isEmpty()),
                state.getReplicas(),
                state.getLeaders(),
                state.getMoving(),
                state.getVotesOnMetadata());
    }
}
