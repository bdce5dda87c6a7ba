package io.millrace.client;

import io.millrace.protocol.v1.Broker;
import io.millrace.protocol.v1.GetMetadataResponse;
import java.util.List;
import java.util.OptionalInt;

/**
 * The cluster, as the broker that was asked sees it.
 *
 * @param clusterId unique
 * @param controllerId the broker that runs the controller, if one is known
 * @param brokers all that belong to it, also those that are down
 */
public record ClusterDescription(String clusterId, OptionalInt controllerId, List<BrokerDescription> brokers) {
    /** Takes a copy. */
    public ClusterDescription {
        brokers = List.copyOf(brokers);
    }

    /**
     * A broker.
     *
     * @param client where it serves clients
     * @param http where it serves HTTP management, as {@code host:port}
     * @param alive whether the broker that was asked can reach it
     */
    public record BrokerDescription(int id, HostPort client, String http, boolean alive) {}

    static ClusterDescription of(GetMetadataResponse answer) {
        return new ClusterDescription(
                answer.getClusterId(),
                answer.hasControllerId() ? OptionalInt.of(answer.getControllerId()) : OptionalInt.empty(),
                answer.getBrokersList().stream().map(ClusterDescription::broker).toList());
    }

    private static BrokerDescription broker(Broker broker) {
        return new BrokerDescription(
                broker.getId(),
                new HostPort(broker.getHost(), broker.getPort()),
                broker.getHttpHost() + ":" + broker.getHttpPort(),
                broker.getAlive());
    }
}
