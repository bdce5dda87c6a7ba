package io.millrace.broker;

import java.util.concurrent.CompletionException;

/** Carries a {@link Failure} through futures and streams. An expected event: it has no stack trace. */
public final class FailureException extends RuntimeException {
    private final transient Failure failure;

    FailureException(Failure failure) {
        super(failure.toString(), null, false, false);
        this.failure = failure;
    }

    public Failure failure() {
        return failure;
    }

    /** What {@code CompletionStage}s wrapped, without the wrapping. */
    public static Throwable unwrap(Throwable thrown) {
        Throwable cause = thrown;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
