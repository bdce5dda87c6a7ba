package io.millrace.broker.grpc;

import io.millrace.broker.Failure;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.partition.replica.PartitionReply;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One fetch of several partitions. All are asked at once for what they have. If that is not enough, they are asked again, to
 * answer as soon as they have more: the first that does ends the wait of all. A partition that does not answer – it may have
 * no leader – is waited for until {@link #hurry}.
 *
 * <p>For any thread.
 */
final class ManyFetch {
    /** Sends one fetch of one partition. */
    interface Sender {
        /** @param waits until there are {@code minBytes}, or the time for that is over */
        Asked send(PartitionTarget target, long offset, int maxBytes, int minBytes, boolean waits);
    }

    /** @param cancel nobody waits for the answer any more */
    record Asked(CompletionStage<PartitionReply> answer, Runnable cancel) {}

    /** What became of one partition: what it has, or why there is nothing. */
    record Outcome(Wish wish, PartitionReply.@Nullable Fetched fetched, @Nullable Failure failure) {}

    /** @param target empty if there is no such partition, which {@code problem} says */
    record Wish(
            String topic,
            int partition,
            long offset,
            int maxBytes,
            @Nullable PartitionTarget target,
            @Nullable Failure problem) {}

    private static final class Slot {
        final Wish wish;
        /** Asked and not answered. */
        boolean isOpen;

        @Nullable Asked asked;

        PartitionReply.@Nullable Fetched fetched;

        @Nullable Failure failure;

        Slot(Wish wish) {
            this.wish = wish;
            this.failure = wish.problem();
        }

        boolean hasAnswered() {
            return fetched != null || failure != null;
        }

        int sizeBytes() {
            return fetched == null ? 0 : fetched.batches().sizeBytes();
        }
    }

    private final List<Slot> slots;
    private final int minBytes;
    private final boolean mayWait;
    private final Sender sender;
    private final Function<Throwable, Failure> failureOf;
    private final CompletableFuture<List<Outcome>> result = new CompletableFuture<>();
    /** Those that have not answered are not waited for. */
    private boolean impatient;

    private boolean waitOver;
    private boolean over;

    /** @param mayWait whether there is time to wait for more than there is */
    ManyFetch(List<Wish> wishes, int minBytes, boolean mayWait, Sender sender, Function<Throwable, Failure> failureOf) {
        this.slots = wishes.stream().map(Slot::new).toList();
        this.minBytes = minBytes;
        this.mayWait = mayWait;
        this.sender = sender;
        this.failureOf = failureOf;
    }

    /** Once. Never fails. */
    synchronized CompletionStage<List<Outcome>> begin() {
        slots.stream().filter(slot -> !slot.hasAnswered()).forEach(slot -> ask(slot, false));
        proceed();
        return result;
    }

    /** From now on who has not answered yet holds up nobody. */
    synchronized void hurry() {
        impatient = true;
        proceed();
    }

    private void ask(Slot slot, boolean waits) {
        PartitionTarget target = slot.wish.target();
        if (over || target == null) {
            return;
        }
        slot.isOpen = true;
        int atLeast = waits ? slot.sizeBytes() + 1 : 1;
        Asked asked = sender.send(target, slot.wish.offset(), slot.wish.maxBytes(), atLeast, waits);
        slot.asked = asked;
        var unused = asked.answer().whenComplete((reply, thrown) -> answered(slot, reply, thrown, waits));
    }

    private synchronized void answered(
            Slot slot, @Nullable PartitionReply reply, @Nullable Throwable thrown, boolean waited) {
        if (over) {
            return; // cancelled, or too late
        }
        slot.isOpen = false;
        if (reply instanceof PartitionReply.Fetched fetched) {
            waitOver |= waited && fetched.batches().sizeBytes() <= slot.sizeBytes();
            slot.fetched = fetched;
        } else {
            slot.failure = failureOf.apply(thrown == null ? new IllegalStateException("answered " + reply) : thrown);
        }
        proceed();
    }

    private void proceed() {
        boolean settled = impatient || slots.stream().allMatch(Slot::hasAnswered);
        if (over || !settled) {
            return;
        }
        boolean failed = slots.stream().anyMatch(slot -> slot.failure != null);
        long sizeBytes = slots.stream().mapToLong(Slot::sizeBytes).sum();
        if (failed || !mayWait || waitOver || sizeBytes >= minBytes) {
            finish();
        } else {
            slots.stream().filter(slot -> slot.fetched != null && !slot.isOpen).forEach(slot -> ask(slot, true));
        }
    }

    private void finish() {
        over = true;
        for (Slot slot : slots) {
            Asked asked = slot.asked;
            if (slot.isOpen && asked != null) {
                asked.cancel().run();
            }
        }
        result.complete(slots.stream().map(ManyFetch::outcome).toList());
    }

    private static Outcome outcome(Slot slot) {
        Wish wish = slot.wish;
        return slot.hasAnswered()
                ? new Outcome(wish, slot.fetched, slot.failure)
                : new Outcome(
                        wish,
                        null,
                        new Failure.NoLeader(wish.topic(), wish.partition(), OptionalInt.empty(), Optional.empty()));
    }
}
