package io.millrace.controller.metadata;

import java.util.Optional;

/**
 * A broker, as it introduced itself.
 *
 * @param brokerId given by its operator, unique in the cluster
 * @param directoryId made at random with the data directory: tells the broker from another one that was given the same id
 * @param client where it serves the public API
 * @param http where it serves HTTP management
 * @param rack what fails together with it, if its operator says so
 */
public record BrokerRegistration(
        int brokerId, String directoryId, Endpoint client, Endpoint http, Optional<String> rack) {

    /** What is wrong with it, as a sentence; empty if nothing is. */
    public Optional<String> problem() {
        if (brokerId < 0) {
            return Optional.of("a broker's id is 0 or more, not " + brokerId);
        }
        if (directoryId.isBlank()) {
            return Optional.of("broker " + brokerId + " does not tell the id of its data directory");
        }
        if (!client.isSane()) {
            return Optional.of("broker " + brokerId + " cannot be reached by clients at '" + client + "'");
        }
        if (!http.isSane()) {
            return Optional.of("broker " + brokerId + " cannot be reached by HTTP at '" + http + "'");
        }
        return Optional.empty();
    }
}
