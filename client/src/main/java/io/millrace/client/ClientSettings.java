package io.millrace.client;

import java.time.Duration;
import java.util.List;

/** What {@link MillraceClient.Builder} collects; each is explained there. */
record ClientSettings(
        List<HostPort> bootstrap,
        Duration timeout,
        Duration attemptTimeout,
        Duration firstContactTimeout,
        Duration metadataMaxAge,
        RetryPolicy retryPolicy,
        String rack) {
    ClientSettings {
        bootstrap = List.copyOf(bootstrap);
        if (bootstrap.isEmpty()) {
            throw new IllegalArgumentException("the client needs the address of at least one broker");
        }
        requirePositive("timeout", timeout);
        requirePositive("attemptTimeout", attemptTimeout);
    }

    private static void requirePositive(String name, Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException(name + " must be more than 0, not " + value);
        }
    }
}
