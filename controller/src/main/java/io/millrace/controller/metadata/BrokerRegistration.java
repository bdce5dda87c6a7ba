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
 * @param capacity how much it can carry beside others, as its operator says: with 2, twice as many replicas as with 1
 */
public record BrokerRegistration(
        int brokerId, String directoryId, Endpoint client, Endpoint http, Optional<String> rack, double capacity) {
    public static final double CAPACITY_USUAL = 1;

    /** Of the usual capacity. */
    public BrokerRegistration(int brokerId, String directoryId, Endpoint client, Endpoint http, Optional<String> rack) {
        this(brokerId, directoryId, client, http, rack, CAPACITY_USUAL);
    }

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
        if (!(capacity > 0 && capacity < Double.POSITIVE_INFINITY)) {
            return Optional.of("broker " + brokerId + " has no capacity: " + capacity);
        }
        return Optional.empty();
    }
}
