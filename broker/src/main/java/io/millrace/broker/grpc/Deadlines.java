package io.millrace.broker.grpc;

import akka.grpc.javadsl.Metadata;
import io.millrace.broker.config.BrokerSettings;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How long a call may take: what its {@code grpc-timeout} says, within bounds.
 *
 * <p>A little less, in fact: at the deadline the client has hung up, and would never hear what the broker knows about it.
 */
final class Deadlines {
    private static final long MARGIN_MILLIS_MAX = 200;
    private static final Pattern TIMEOUT = Pattern.compile("[0-9]{1,8}[HMSmun]");

    private final Duration otherwise;
    private final Duration max;

    Deadlines(BrokerSettings.FrontDoor settings) {
        this.otherwise = settings.requestTimeout();
        this.max = settings.requestTimeoutMax();
    }

    /** What a call without a deadline is given. */
    Duration usual() {
        return otherwise;
    }

    /** Milliseconds that this call may take from now. */
    long timeoutMillis(Metadata call) {
        return timeoutMillis(call, otherwise);
    }

    /** The same; a call without a deadline is given {@code extraMillis} over the usual time. */
    long timeoutMillis(Metadata call, long extraMillis) {
        return timeoutMillis(call, otherwise.plusMillis(extraMillis));
    }

    /** The same; a call without a deadline is given {@code withoutOne}. */
    long timeoutMillis(Metadata call, Duration withoutOne) {
        Optional<Long> given = call.getText("grpc-timeout").flatMap(Deadlines::parseMillis);
        return given.map(this::withMargin).orElseGet(() -> atMost(withoutOne.toMillis()));
    }

    /** Of a request in a stream, which says itself how many milliseconds it may take; 0 if it does not. */
    long timeoutMillisOf(int given) {
        return timeoutMillisOf(given, 0);
    }

    /** The same; one that does not say is given {@code extraMillis} over the usual time. */
    long timeoutMillisOf(int given, long extraMillis) {
        return given == 0 ? atMost(otherwise.toMillis() + extraMillis) : withMargin(Integer.toUnsignedLong(given));
    }

    private long withMargin(long millis) {
        return atMost(millis - Math.min(MARGIN_MILLIS_MAX, millis / 10));
    }

    private long atMost(long millis) {
        return Math.min(millis, max.toMillis());
    }

    /** At most eight digits and a unit, as the gRPC protocol has it; anything else counts as none. */
    static Optional<Long> parseMillis(String text) {
        if (!TIMEOUT.matcher(text).matches()) {
            return Optional.empty();
        }
        long amount = Long.parseLong(text.substring(0, text.length() - 1));
        return Optional.of(
                switch (text.charAt(text.length() - 1)) {
                    case 'H' -> amount * 3_600_000;
                    case 'M' -> amount * 60_000;
                    case 'S' -> amount * 1_000;
                    case 'm' -> amount;
                    case 'u' -> amount / 1_000;
                    default -> amount / 1_000_000;
                });
    }
}
