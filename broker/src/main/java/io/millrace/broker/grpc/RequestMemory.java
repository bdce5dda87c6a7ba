package io.millrace.broker.grpc;

import io.millrace.broker.Failure;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * What messages of produce requests take of this broker's memory, bounded for each connection and for all together: from their first
 * byte on, before anything of them is kept, until their call is answered; on a stream, whose answers come one by one, until they are
 * complete, and from then on {@link io.millrace.broker.routing.PartitionGateway} counts them. For any thread.
 */
final class RequestMemory {
    private final LongSupplier connectionBytesMax;
    private final LongSupplier bytesMax;
    private final AtomicLong bytes = new AtomicLong();
    /** Of connections that hold anything. */
    private final ConcurrentMap<String, Long> connections = new ConcurrentHashMap<>();

    /** Both are asked for each message. */
    RequestMemory(LongSupplier connectionBytesMax, LongSupplier bytesMax) {
        this.connectionBytesMax = connectionBytesMax;
        this.bytesMax = bytesMax;
    }

    /** For one call. */
    Hold open(String connection) {
        return new Hold(connection);
    }

    long bytes() {
        return bytes.get();
    }

    private void take(String connection, long size) {
        long ofConnection = connectionBytesMax.getAsLong();
        long ofAll = bytesMax.getAsLong();
        connections.compute(connection, (key, held) -> {
            long before = held == null ? 0 : held;
            if (before + size > ofConnection) {
                throw new Failure.Overloaded("too many bytes are pending on this connection", ofConnection)
                        .asException();
            }
            long all = bytes.get();
            while (all + size <= ofAll && !bytes.compareAndSet(all, all + size)) {
                all = bytes.get();
            }
            if (all + size > ofAll) {
                throw new Failure.Overloaded("too many bytes are pending on this broker", ofAll).asException();
            }
            return before + size;
        });
    }

    private void giveBack(String connection, long size) {
        if (size > 0) {
            bytes.addAndGet(-size);
            connections.computeIfPresent(connection, (key, held) -> held == size ? null : held - size);
        }
    }

    /** What one call holds. */
    final class Hold {
        private final String connection;
        private long incomplete;
        private long complete;
        private boolean answered;

        Hold(String connection) {
            this.connection = connection;
        }

        /**
         * A message of this size begins.
         *
         * @throws io.millrace.broker.FailureException OVERLOADED, if there is no room for it
         */
        synchronized void begins(long size) {
            take(connection, size);
            incomplete += size;
        }

        /** All of the message is there, and has been passed on. */
        synchronized void completed() {
            if (answered) {
                giveBack(connection, incomplete);
            } else {
                complete += incomplete;
            }
            incomplete = 0;
        }

        /** No more will come. */
        synchronized void ended() {
            giveBack(connection, incomplete);
            incomplete = 0;
        }

        /** The call has its answer, or the first part of it. */
        synchronized void answered() {
            answered = true;
            giveBack(connection, complete);
            complete = 0;
        }
    }
}
