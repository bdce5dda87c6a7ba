package io.millrace.broker.grpc;

import io.grpc.Status;
import io.millrace.broker.Failure;
import java.util.Map;

/** The table of errors for HTTP: what {@link Statuses} says, with the HTTP status that stands for its code. */
public final class HttpErrors {
    private static final Faults FAULTS = new Faults(reason -> {});

    private HttpErrors() {}

    /** @param reason of {@code errors.proto} */
    public record HttpError(int status, String reason, String message, Map<String, String> data) {
        public HttpError {
            data = Map.copyOf(data);
        }
    }

    /** A failure as it is, anything else as a fault of ours, which is logged. */
    public static HttpError of(Throwable thrown) {
        Failure failure = FAULTS.failureOf(thrown);
        Statuses.Told told = Statuses.tell(failure);
        return new HttpError(statusOf(told.code()), told.reason().name(), told.message(), told.data());
    }

    private static int statusOf(Status.Code code) {
        return switch (code) {
            case INVALID_ARGUMENT, OUT_OF_RANGE -> 400;
            case NOT_FOUND -> 404;
            case ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED -> 409;
            case RESOURCE_EXHAUSTED -> 429;
            case UNIMPLEMENTED -> 501;
            case UNAVAILABLE -> 503;
            case DEADLINE_EXCEEDED -> 504;
            default -> 500;
        };
    }
}
