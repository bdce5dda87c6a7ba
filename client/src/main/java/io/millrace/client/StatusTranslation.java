package io.millrace.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import io.millrace.protocol.v1.Error;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a failed gRPC call means. A Millrace broker says it in the status's details; without these the status is from gRPC
 * itself or from something between, and then all depends on whether the request was sent.
 */
final class StatusTranslation {
    private static final String DOMAIN = "millrace";

    private StatusTranslation() {}

    /**
     * Translates a failed call.
     *
     * @param sent whether the request went out on a connection
     */
    static MillraceException translate(Throwable thrown, HostPort address, boolean sent) {
        Status status = Status.fromThrowable(thrown);
        ErrorInfo info = null;
        Duration retryDelay = null;
        com.google.rpc.Status details = StatusProto.fromThrowable(thrown);
        if (details != null) {
            for (Any detail : details.getDetailsList()) {
                info = info == null ? unpack(detail, ErrorInfo.class) : info;
                RetryInfo retry = unpack(detail, RetryInfo.class);
                if (retry != null) {
                    retryDelay = toJava(retry.getRetryDelay());
                }
            }
        }
        if (info == null || !info.getDomain().equals(DOMAIN)) {
            return withoutDetails(status, address, sent, thrown);
        }
        FailureReason reason = reasonNamed(info.getReason(), status.getCode());
        return new MillraceException(
                reason, describe(status), info.getMetadataMap(), reason.isOutcomeUnknown(), retryDelay, thrown);
    }

    /** What an answer says of a part of its request, or a stream that goes on of one request. */
    static MillraceException translate(Error error) {
        Status.Code code = Status.fromCodeValue(error.getStatusCode()).getCode();
        FailureReason reason = reasonNamed(error.getReason().name(), code);
        Duration retryDelay = error.getRetryDelayMillis() == 0
                ? null
                : Duration.ofMillis(Integer.toUnsignedLong(error.getRetryDelayMillis()));
        return new MillraceException(
                reason, error.getMessage(), error.getMetadataMap(), reason.isOutcomeUnknown(), retryDelay, null);
    }

    private static MillraceException withoutDetails(Status status, HostPort address, boolean sent, Throwable thrown) {
        FailureReason reason =
                switch (status.getCode()) {
                    case UNAVAILABLE, CANCELLED, ABORTED ->
                        sent ? FailureReason.CONNECTION_LOST : FailureReason.CONNECTION_FAILED;
                    case DEADLINE_EXCEEDED -> sent ? FailureReason.NO_ANSWER : FailureReason.CONNECTION_FAILED;
                    case RESOURCE_EXHAUSTED -> FailureReason.OVERLOADED;
                    case INTERNAL, UNKNOWN -> sent ? FailureReason.CONNECTION_LOST : FailureReason.CONNECTION_FAILED;
                    default -> FailureReason.PROTOCOL_MISMATCH;
                };
        Map<String, String> metadata = new HashMap<>();
        metadata.put("address", address.toString());
        String what =
                switch (reason) {
                    case CONNECTION_FAILED -> "cannot connect to " + address;
                    case CONNECTION_LOST -> "lost the connection to " + address + " before it answered";
                    case NO_ANSWER -> "no answer from " + address + " in time";
                    case OVERLOADED -> address + " is overloaded";
                    default -> address + " does not answer as a Millrace broker";
                };
        return new MillraceException(
                reason, what + ": " + detail(status, sent), metadata, reason.isOutcomeUnknown(), null, thrown);
    }

    private static FailureReason reasonNamed(String name, Status.Code code) {
        for (FailureReason reason : FailureReason.values()) {
            if (reason.name().equals(name)) {
                return reason;
            }
        }
        // A newer broker's. Its status code says at least whether to try again.
        return code == Status.Code.UNAVAILABLE ? FailureReason.OUTCOME_UNKNOWN : FailureReason.PROTOCOL_MISMATCH;
    }

    private static String describe(Status status) {
        String description = status.getDescription();
        return description == null ? status.getCode().name() : description;
    }

    private static String detail(Status status, boolean sent) {
        // gRPC's own words for this are a page about its balancer.
        return status.getCode() == Status.Code.DEADLINE_EXCEEDED && !sent ? "no connection in time" : rootOf(status);
    }

    /** The innermost cause says it best: "Connection refused" and not "io exception". */
    private static String rootOf(Status status) {
        Throwable cause = status.getCause();
        while (cause != null && cause.getCause() != null && cause.getCause() != cause) {
            cause = cause.getCause();
        }
        if (cause instanceof UnknownHostException) {
            return "no such host"; // Its message is the name alone.
        }
        if (cause instanceof ConnectException
                && String.valueOf(cause.getMessage()).endsWith("Connection refused")) {
            return "connection refused"; // Netty adds the system call and its number.
        }
        String message = cause == null ? null : cause.getMessage();
        return message == null ? describe(status) : message;
    }

    private static Duration toJava(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }

    private static <T extends com.google.protobuf.Message> @Nullable T unpack(Any detail, Class<T> type) {
        try {
            return detail.is(type) ? detail.unpack(type) : null;
        } catch (InvalidProtocolBufferException e) {
            // Not what it says it is: as if it were not there.
            return null;
        }
    }
}
