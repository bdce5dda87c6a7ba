package io.millrace.broker.management;

import akka.http.javadsl.model.HttpResponse;
import io.millrace.broker.grpc.HttpErrors;
import java.util.Map;

/** How a page, or a change, says that it cannot be had. */
final class Errors {
    private record Problem(String reason, String message, Map<String, String> data) {}

    private Errors() {}

    static HttpResponse of(int status, String reason, String message) {
        return Json.of(status, new Problem(reason, message, Map.of()));
    }

    /** As gRPC clients would be told, with the HTTP status of that. */
    static HttpResponse of(Throwable thrown) {
        if (thrown instanceof Refused refused) {
            return of(refused.status, refused.reason, String.valueOf(refused.getMessage()));
        }
        HttpErrors.HttpError error = HttpErrors.of(thrown);
        return Json.of(error.status(), new Problem(error.reason(), error.message(), error.data()));
    }

    /** For what only HTTP knows. */
    static final class Refused extends RuntimeException {
        private final int status;
        private final String reason;

        Refused(int status, String reason, String message) {
            super(message, null, false, false);
            this.status = status;
            this.reason = reason;
        }
    }
}
