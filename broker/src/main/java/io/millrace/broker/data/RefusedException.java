package io.millrace.broker.data;

/** The broker must not start, for a reason that the message tells the operator in full. Exit code 1. */
public final class RefusedException extends RuntimeException {
    public RefusedException(String message) {
        super(message, null, false, false);
    }

    public RefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
