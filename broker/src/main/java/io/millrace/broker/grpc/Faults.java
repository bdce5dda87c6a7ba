package io.millrace.broker.grpc;

import akka.actor.ActorSystem;
import akka.grpc.GrpcServiceException;
import akka.grpc.Trailers;
import akka.http.scaladsl.model.http2.PeerClosedStreamException;
import akka.japi.Function;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Status;
import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What to say of whatever was thrown: a {@link Failure} as it is, a fault of ours by the number of its incident. */
public final class Faults {
    private static final Logger LOG = LoggerFactory.getLogger(Faults.class);

    private final Consumer<String> told;

    /** @param told hears the reason of each failure that a client is told of */
    Faults(Consumer<String> told) {
        this.told = told;
    }

    Failure failureOf(Throwable thrown) {
        Failure failure = recognized(thrown);
        told.accept(Statuses.tell(failure).reason().name());
        return failure;
    }

    private static Failure recognized(Throwable thrown) {
        Throwable cause = FailureException.unwrap(thrown);
        if (cause instanceof FailureException expected) {
            return expected.failure();
        }
        if (cause instanceof InvalidProtocolBufferException malformed) {
            return malformed(malformed);
        }
        String incident = Long.toHexString(ThreadLocalRandom.current().nextLong());
        LOG.error("Incident {}", incident, cause);
        return new Failure.InternalFault(incident);
    }

    static Failure malformed(InvalidProtocolBufferException thrown) {
        return new Failure.InvalidRequest("message", "is not what the protocol defines: " + thrown.getMessage());
    }

    /** For the handlers that Akka gRPC generates. */
    Function<ActorSystem, Function<Throwable, Trailers>> handler() {
        return system -> this::trailersOf;
    }

    private Trailers trailersOf(Throwable thrown) {
        Throwable cause = FailureException.unwrap(thrown);
        if (cause instanceof GrpcServiceException grpc) {
            return new Trailers(
                    grpc.status(), grpc.metadata()); // Akka gRPC's own: a malformed frame, an unknown encoding.
        }
        if (cause instanceof PeerClosedStreamException) {
            return new Trailers(
                    Status.CANCELLED); // The client has gone, or waits no longer: no fault, and nobody listens.
        }
        if (cause instanceof UnsupportedOperationException) {
            // What the generated handler throws for a method that the service does not have.
            return new Trailers(Status.UNIMPLEMENTED.withDescription(cause.getMessage()));
        }
        return Statuses.trailers(failureOf(cause));
    }
}
