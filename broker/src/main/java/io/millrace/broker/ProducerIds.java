package io.millrace.broker;

import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.AskPattern;
import io.millrace.controller.ControllerCommand;
import io.millrace.controller.ControllerReply;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives away producer ids, each once in the life of the cluster. The controller allocates them in blocks, one block to one
 * broker, so that most are given without asking; what a broker had left when it stopped is never used.
 *
 * <p>Thread-safe.
 */
public final class ProducerIds {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    /** The controller answers so much before the asker gives up, since an answer says more than silence. */
    private static final Duration MARGIN = Duration.ofMillis(500);

    /** Ids from {@code firstId} on. */
    record Block(long firstId, int count) {}

    private final Supplier<CompletionStage<Block>> allocation;
    private long next;
    private long end;
    /** Completes when there is a new block; null unless one is asked for. */
    private @Nullable CompletableFuture<Void> refill;

    public ProducerIds(ActorSystem<?> system, ActorRef<ControllerCommand> controller, int brokerId) {
        this(() -> allocate(system, controller, brokerId));
    }

    ProducerIds(Supplier<CompletionStage<Block>> allocation) {
        this.allocation = allocation;
    }

    /** An id that nobody has or had; fails with a {@link FailureException} if there is none here and the controller is away. */
    public CompletionStage<Long> next() {
        CompletableFuture<Void> awaited;
        boolean mine = false;
        synchronized (this) {
            if (next < end) {
                return CompletableFuture.completedFuture(next++);
            }
            if (refill == null) {
                refill = new CompletableFuture<>();
                mine = true;
            }
            awaited = refill;
        }
        CompletionStage<Long> afterwards = awaited.thenCompose(refilled -> next());
        if (mine) {
            CompletionStage<Void> unused = allocation.get().handle((block, thrown) -> {
                refilled(awaited, block, thrown);
                return null;
            });
        }
        return afterwards;
    }

    private void refilled(CompletableFuture<Void> awaited, @Nullable Block block, @Nullable Throwable thrown) {
        synchronized (this) {
            refill = null;
            if (block != null) {
                next = block.firstId();
                end = block.firstId() + block.count();
            }
        }
        if (thrown == null) {
            awaited.complete(null);
        } else {
            awaited.completeExceptionally(FailureException.unwrap(thrown));
        }
    }

    private static CompletionStage<Block> allocate(
            ActorSystem<?> system, ActorRef<ControllerCommand> controller, int brokerId) {
        long forController = TIMEOUT.minus(MARGIN).toMillis();
        return AskPattern.<ControllerCommand, ControllerReply>ask(
                        controller,
                        replyTo -> new ControllerCommand.AllocateProducerIds(brokerId, forController, replyTo),
                        TIMEOUT,
                        system.scheduler())
                .handle((reply, thrown) -> {
                    if (reply instanceof ControllerReply.ProducerIdsAllocated ids) {
                        return new Block(ids.firstId(), ids.count());
                    }
                    // Whatever became of it: asking again costs some ids at most.
                    throw new Failure.ControllerUnavailable(
                                    reply instanceof ControllerReply.Unavailable unavailable
                                            ? unavailable.problem()
                                            : "the controller has allocated no producer ids in time")
                            .asException();
                });
    }
}
