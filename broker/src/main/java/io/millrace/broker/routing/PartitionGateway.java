package io.millrace.broker.routing;

import akka.actor.typed.ActorRef;
import io.millrace.broker.Failure;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Where the front door hands requests over: takes them up to a bound, refuses them beyond it, and gives each to the router
 * of its partition. For any thread.
 */
public final class PartitionGateway {
    private final List<ActorRef<RequestRouter.Command>> routers;
    private final LongSupplier clockMillis;
    private final LongSupplier pendingBytesMax;
    private final IntSupplier pendingRequestsMax;
    private final Traffic traffic;
    private final AtomicLong pendingBytes = new AtomicLong();
    private final AtomicInteger pendingRequests = new AtomicInteger();

    /**
     * @param clockMillis that of the routers; it only ever goes forward
     * @param pendingBytesMax asked for each request, as is the next
     * @param traffic hears of what is answered
     */
    public PartitionGateway(
            List<ActorRef<RequestRouter.Command>> routers,
            LongSupplier clockMillis,
            LongSupplier pendingBytesMax,
            IntSupplier pendingRequestsMax,
            Traffic traffic) {
        this.routers = List.copyOf(routers);
        this.clockMillis = clockMillis;
        this.pendingBytesMax = pendingBytesMax;
        this.pendingRequestsMax = pendingRequestsMax;
        this.traffic = traffic;
    }

    /** The clock that deadlines are given by. */
    public long nowMillis() {
        return clockMillis.getAsLong();
    }

    public Call send(PartitionTarget target, Request request, long deadlineMillis) {
        ActorRef<RequestRouter.Command> router =
                routers.get(Math.floorMod(target.key().hashCode(), routers.size()));
        Call call = new Call(target, request, deadlineMillis, router);
        int size = request.sizeBytes();
        int requestsMax = pendingRequestsMax.getAsInt();
        long bytesMax = pendingBytesMax.getAsLong();
        if (pendingRequests.incrementAndGet() > requestsMax) {
            release(0);
            call.fail(new Failure.Overloaded(requestsMax + " requests are pending on this broker", 0));
        } else if (pendingBytes.addAndGet(size) > bytesMax) {
            release(size);
            call.fail(new Failure.Overloaded("too many bytes are pending on this broker", bytesMax));
        } else {
            // Before the router has it, so that no end is missed; the stage itself is of no use to anyone.
            long beginNanos = System.nanoTime();
            var unused = call.answer().whenComplete((reply, thrown) -> {
                release(size);
                if (thrown == null) {
                    traffic.answered(target, request, reply, System.nanoTime() - beginNanos);
                }
            });
            router.tell(new RequestRouter.Route(call));
        }
        return call;
    }

    private void release(int size) {
        pendingRequests.decrementAndGet();
        pendingBytes.addAndGet(-size);
    }

    public long pendingBytes() {
        return pendingBytes.get();
    }

    public int pendingRequests() {
        return pendingRequests.get();
    }
}
