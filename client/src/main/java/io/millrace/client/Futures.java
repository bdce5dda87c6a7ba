package io.millrace.client;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/** Waiting for what the client does on its own threads. */
final class Futures {
    private Futures() {}

    /**
     * The result, once it is there.
     *
     * @throws MillraceException the failure, or INTERRUPTED
     */
    static <T> T await(CompletableFuture<T> future) {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MillraceException(FailureReason.INTERRUPTED, "interrupted while waiting", Map.of());
        } catch (ExecutionException e) {
            throw failure(e).rethrown();
        }
    }

    /** Goes on with the result, or with the failure; on whichever thread has it. */
    @SuppressWarnings("FutureReturnValueIgnored") // Both outcomes are taken care of.
    static <T> void then(
            CompletableFuture<T> future, Consumer<? super T> onSuccess, Consumer<MillraceException> onFailure) {
        future.whenComplete((value, thrown) -> {
            if (thrown == null) {
                onSuccess.accept(value);
            } else {
                onFailure.accept(failure(thrown));
            }
        });
    }

    /** What is inside the wrappers that futures put around a failure. */
    static MillraceException failure(Throwable thrown) {
        Throwable cause = thrown;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof MillraceException failure) {
            return failure;
        }
        return new MillraceException(
                FailureReason.INTERNAL_FAULT, "a fault of the client: " + cause, Map.of(), true, null, cause);
    }
}
