package io.millrace.client;

import io.millrace.client.Calls.Reply;
import io.millrace.protocol.v1.ProduceResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One partition's closed batches in their order: says which to send, and what an answer means for it and for those behind it.
 * Decides only; guarded by its {@link PartitionQueue}.
 *
 * <pre>
 *                    ┌───── under new numbers ──────┐
 *                    ▼                              │
 *  closed ──▶ READY ──▶ ON_ITS_WAY ──▶ FAILED ──────┴──▶ DECIDED ──▶ out of the window, in order
 *              ▲            │  └─────── acknowledged ──────▲
 *              └── HELD ◀───┘ arrived before the one before it
 * </pre>
 *
 * <p>Numbered batches rest on one rule of the partition: it takes none without the one before it in the sequence. So
 * <ul>
 *   <li>a batch that is refused because one before it has not arrived is held until that one is decided, and sent again under
 *       the same numbers;
 *   <li>when a batch has failed and was surely not written, none behind it was, whatever became of their attempts. When all of
 *       these have ended, an epoch begins, and those that have not failed for reasons of their own go out under new numbers;
 *   <li>when a batch has failed and may have been written, one behind it that may have been written as well fails with it:
 *       under new numbers it might be there twice.
 * </ul>
 *
 * <p>Batches without numbers do not depend on each other.
 */
final class SendWindow {
    private enum State {
        READY,
        ON_ITS_WAY,
        HELD,
        FAILED,
        DECIDED
    }

    /** A batch that has left, or is about to. */
    static final class Sending {
        final ProducerBatch batch;
        private State state = State.READY;
        private @Nullable Reply<ProduceResponse> reply;
        private @Nullable MillraceException failure;
        /** Some attempt under its present numbers may have written it. */
        private boolean maybeWritten;
        /** Nothing before it was undecided when it was sent: what is said about its numbers is the last word. */
        private boolean sentFirst;
        /** Its numbers were refused before, and it has got others. */
        private boolean renumbered;

        private boolean failedBefore;

        Sending(ProducerBatch batch) {
            this.batch = batch;
        }

        /** Null unless it was acknowledged. */
        @Nullable Reply<ProduceResponse> reply() {
            return reply;
        }

        /**
         * Why it was given up.
         *
         * @throws IllegalStateException if it was not
         */
        MillraceException failure() {
            MillraceException why = failure;
            if (why == null) {
                throw new IllegalStateException("a batch that has not failed");
            }
            return maybeWritten && !why.isOutcomeUnknown()
                    ? why.afterAttempts(String.valueOf(why.getMessage()), true)
                    : why;
        }
    }

    private final int inFlightMax;
    private final BatchNumbers numbers;
    private final ArrayDeque<ProducerBatch> closed = new ArrayDeque<>();
    /** In order; more than {@code inFlightMax} only after a batch was split, and then the first of them count. */
    private final List<Sending> window = new ArrayList<>();

    SendWindow(int inFlightMax, BatchNumbers numbers) {
        this.inFlightMax = inFlightMax;
        this.numbers = numbers;
    }

    void add(ProducerBatch batch) {
        closed.add(batch);
    }

    /** Whether there is nothing to wait for. */
    boolean isEmpty() {
        return closed.isEmpty() && window.isEmpty();
    }

    /** The next to send, from now on its way; null if there is none, or it has to wait. */
    @Nullable Sending next() {
        boolean first = true;
        for (int i = 0; i < Math.min(inFlightMax, window.size()); i++) {
            Sending sending = window.get(i);
            if (sending.state == State.READY) {
                return send(sending, first);
            }
            if (sending.state == State.HELD || sending.state == State.FAILED) {
                return null; // what is behind it would be refused
            }
            first &= sending.state == State.DECIDED;
        }
        ProducerBatch batch = window.size() < inFlightMax ? closed.poll() : null;
        if (batch == null) {
            return null;
        }
        Sending sending = new Sending(batch);
        window.add(sending);
        return send(sending, first);
    }

    private static Sending send(Sending sending, boolean first) {
        sending.state = State.ON_ITS_WAY;
        sending.sentFirst = first;
        return sending;
    }

    void acknowledged(Sending sending, Reply<ProduceResponse> reply) {
        if (sending.state != State.ON_ITS_WAY) {
            return; // abandoned meanwhile
        }
        sending.reply =
                sending.failedBefore ? new Reply<>(reply.message(), reply.retries() + 1, reply.mayBeTwice()) : reply;
        sending.state = State.DECIDED;
        settle();
    }

    /** It, or what had to come before it, could not be sent, or all attempts to send it have failed. */
    void failed(Sending sending, MillraceException failure) {
        if (sending.state != State.ON_ITS_WAY) {
            return; // abandoned meanwhile
        }
        sending.failure = failure;
        sending.failedBefore = true;
        sending.maybeWritten |= failure.isOutcomeUnknown();
        if (sending.batch.isNumbered()) {
            sending.state = isAheadOfOthers(sending, failure) ? State.HELD : State.FAILED;
        } else {
            giveUpOrSplit(sending);
        }
        settle();
    }

    /** Gives up everything that is not decided, at once. */
    void abandon() {
        closed.forEach(batch -> window.add(new Sending(batch)));
        closed.clear();
        for (Sending sending : window) {
            if (sending.state != State.DECIDED) {
                sending.maybeWritten |= sending.state == State.ON_ITS_WAY;
                sending.failure = new MillraceException(
                        FailureReason.CLOSED, "the producer was closed before the record was acknowledged", Map.of());
                sending.state = State.DECIDED;
            }
        }
    }

    /** The first batch, if it is decided; it has left the window then. */
    @Nullable Sending takeDecided() {
        return !window.isEmpty() && window.get(0).state == State.DECIDED ? window.remove(0) : null;
    }

    /** The first of a sequence is not expected while the one before it is missing, but unknown. */
    private static boolean isAheadOfOthers(Sending sending, MillraceException failure) {
        return !sending.sentFirst
                && (failure.reason() == FailureReason.OUT_OF_ORDER_SEQUENCE
                        || failure.reason() == FailureReason.UNKNOWN_PRODUCER);
    }

    private void settle() {
        for (Sending sending : window) {
            if (sending.state == State.HELD) {
                window.stream().filter(held -> held.state == State.HELD).forEach(held -> held.state = State.READY);
                return;
            }
            if (sending.state == State.FAILED) {
                startAnewIfAllHaveEnded();
                return;
            }
            if (sending.state != State.DECIDED) {
                return;
            }
        }
    }

    private void startAnewIfAllHaveEnded() {
        if (window.stream().anyMatch(sending -> sending.state == State.ON_ITS_WAY)) {
            return;
        }
        boolean fenced = false;
        boolean surelyNotWritten = false;
        for (Sending sending : List.copyOf(window)) {
            if (sending.state == State.DECIDED) {
                continue;
            }
            surelyNotWritten |= !sending.maybeWritten;
            MillraceException failure = sending.failure;
            fenced |= failure != null && failure.reason() == FailureReason.PRODUCER_FENCED;
            if (!surelyNotWritten) {
                sending.state = State.DECIDED;
            } else if (sending.state != State.FAILED) {
                renumber(sending);
            } else if (isNumbersRefused(sending) && !sending.renumbered) {
                sending.renumbered = true;
                renumber(sending);
            } else {
                giveUpOrSplit(sending);
            }
        }
        if (fenced) {
            numbers.abandonProducerId();
        } else {
            numbers.beginEpoch();
        }
    }

    /**
     * The partition has forgotten the producer, or is a new one of the same name; or it knows of a later epoch. Not so a
     * gap behind what was acknowledged: that is an error to be told.
     */
    private static boolean isNumbersRefused(Sending sending) {
        FailureReason reason = sending.failure().reason();
        return reason == FailureReason.UNKNOWN_PRODUCER || reason == FailureReason.PRODUCER_FENCED;
    }

    private static void renumber(Sending sending) {
        sending.batch.forgetNumbers();
        sending.maybeWritten = false;
        sending.failure = null;
        sending.state = State.READY;
    }

    /** The broker may allow less than we batch: then the records may well be small enough one by one. */
    private void giveUpOrSplit(Sending sending) {
        boolean tooLarge = sending.failure().reason() == FailureReason.MESSAGE_TOO_LARGE
                && !sending.failure().isOutcomeUnknown();
        if (tooLarge && sending.batch.recordCount() > 1) {
            int at = window.indexOf(sending);
            window.remove(at);
            window.addAll(at, sending.batch.split().stream().map(Sending::new).toList());
        } else {
            sending.state = State.DECIDED;
        }
    }
}
