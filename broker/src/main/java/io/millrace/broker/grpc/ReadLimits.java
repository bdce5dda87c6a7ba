package io.millrace.broker.grpc;

import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import io.millrace.protocol.v1.FetchRequest;

/**
 * How much a read may take and how long, after what the client wishes and what the broker allows. The wishes are unsigned in the
 * protocol: what is negative here is very large.
 *
 * @param waitMillis until there are {@code minBytes}
 */
record ReadLimits(int maxBytes, int minBytes, int waitMillis) {
    static final int PARTITIONS_MAX = 1_000;

    private static final int BYTES_DEFAULT = 1 << 20;
    private static final int WAIT_MILLIS_MAX = 60_000;

    /**
     * @param bytesMax what the broker allows
     * @throws FailureException if the wait is longer than is allowed
     */
    static ReadLimits of(FetchRequest request, int bytesMax) {
        int maxBytes = bytes(request.getMaxBytes(), BYTES_DEFAULT, bytesMax);
        int wait = request.getMaxWaitMillis();
        if (wait < 0 || wait > WAIT_MILLIS_MAX) {
            throw invalid("max_wait_millis", Integer.toUnsignedString(wait) + " is more than " + WAIT_MILLIS_MAX);
        }
        return new ReadLimits(maxBytes, bytes(request.getMinBytes(), 1, maxBytes), wait);
    }

    /** What each of several partitions may take, if it has no wish of its own. */
    static int share(int maxBytes, int partitions) {
        return Math.max(1, maxBytes / partitions);
    }

    /** What was wished for, or the usual, within what is allowed. */
    static int bytes(int wish, int usual, int max) {
        return wish < 0 ? max : Math.min(wish == 0 ? usual : wish, max);
    }

    /** @throws FailureException if there are none, or too many */
    static void checkPartitions(int count) {
        if (count == 0 || count > PARTITIONS_MAX) {
            throw invalid("partitions", "1 to " + PARTITIONS_MAX + " of them, not " + count);
        }
    }

    /** @throws FailureException if it is none that this broker knows */
    static FetchRequest.Format known(FetchRequest.Format format) {
        if (format == FetchRequest.Format.UNRECOGNIZED) {
            throw invalid("format", "there is no such format");
        }
        return format;
    }

    static FailureException invalid(String field, String problem) {
        return new Failure.InvalidRequest(field, problem).asException();
    }
}
