package io.millrace.client;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A call failed, after all retries that its time allowed. Says why, with the data to act on, and whether the request may
 * have been applied all the same.
 */
public final class MillraceException extends RuntimeException {
    private final FailureReason reason;
    private final Map<String, String> metadata;
    private final boolean outcomeUnknown;
    private final @Nullable Duration retryDelay;

    /** A failure of the client's own. */
    MillraceException(FailureReason reason, String message, Map<String, String> metadata) {
        this(reason, message, metadata, reason.isOutcomeUnknown(), null, null);
    }

    MillraceException(
            FailureReason reason,
            String message,
            Map<String, String> metadata,
            boolean outcomeUnknown,
            @Nullable Duration retryDelay,
            @Nullable Throwable cause) {
        super(message, cause);
        this.reason = reason;
        this.metadata = Map.copyOf(metadata);
        this.outcomeUnknown = outcomeUnknown;
        this.retryDelay = retryDelay;
    }

    /** Why the last attempt failed. */
    public FailureReason reason() {
        return reason;
    }

    /** What belongs to the reason: the leader, the valid range, the limit that was passed; names as in the protocol. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Whether the same request may succeed later. */
    public boolean isRetriable() {
        return reason.isRetriable();
    }

    /** Whether the request may have been applied by one of the attempts, although none was answered with success. */
    public boolean isOutcomeUnknown() {
        return outcomeUnknown;
    }

    /** How long the broker asks to wait before the next attempt, if it does. */
    public Optional<Duration> retryDelay() {
        return Optional.ofNullable(retryDelay);
    }

    /** The same failure with other words, as the outcome of several attempts. */
    MillraceException afterAttempts(String message, boolean anyOutcomeUnknown) {
        return new MillraceException(reason, message, metadata, outcomeUnknown || anyOutcomeUnknown, retryDelay, this);
    }

    /** The same failure, as that of a request that could not be sent because of it. */
    MillraceException forNothingSent() {
        return new MillraceException(reason, String.valueOf(getMessage()), metadata, false, retryDelay, this);
    }

    /** The same failure, with the stack of whoever waited for it. */
    MillraceException rethrown() {
        return new MillraceException(reason, String.valueOf(getMessage()), metadata, outcomeUnknown, retryDelay, this);
    }
}
