package io.millrace.broker.routing;

import akka.actor.typed.ActorRef;
import io.millrace.broker.Failure;
import io.millrace.partition.replica.PartitionReply;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * One request on its way. Its answer is a {@link PartitionReply.Produced}, {@link PartitionReply.Fetched}, {@link PartitionReply.Offsets} or
 * {@link PartitionReply.Coordinated}, whichever was asked for, or fails with a {@link io.millrace.broker.FailureException}.
 */
public final class Call {
    private final PartitionTarget target;
    private final Request request;
    private final long deadlineMillis;
    private final ActorRef<RequestRouter.Command> router;
    private final CompletableFuture<PartitionReply> answer = new CompletableFuture<>();

    Call(PartitionTarget target, Request request, long deadlineMillis, ActorRef<RequestRouter.Command> router) {
        this.target = target;
        this.request = request;
        this.deadlineMillis = deadlineMillis;
        this.router = router;
    }

    public CompletionStage<PartitionReply> answer() {
        return answer;
    }

    /** Nobody waits for the answer any more: lets go of what the request holds. It may have been done all the same. */
    public void cancel() {
        if (answer.cancel(false)) {
            router.tell(new RequestRouter.Cancel(this));
        }
    }

    PartitionTarget target() {
        return target;
    }

    Request request() {
        return request;
    }

    /** By the router's clock. */
    long deadlineMillis() {
        return deadlineMillis;
    }

    boolean isCancelled() {
        return answer.isCancelled();
    }

    void succeed(PartitionReply reply) {
        answer.complete(reply);
    }

    void fail(Failure failure) {
        answer.completeExceptionally(failure.asException());
    }
}
