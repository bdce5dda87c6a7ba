package io.millrace.client;

import io.millrace.protocol.TopicPartition;
import io.millrace.protocol.record.RecordCursor;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One partition of a consumer: keeps fetching while there is room for what comes, one fetch at a time, and gives it out record by
 * record. Nothing else of the consumer waits for it, and it holds no thread.
 *
 * <pre>
 *            position known             room                 answer
 *  ──▶ lost ──────────────────▶ idle ─────────▶ fetching ──────────────▶ idle
 *       ▲  ask for the offsets    ▲                │ trouble that passes: a while, then idle
 *       │                         └────────────────┤
 *       └──────────────────────────────────────────┤ out of range, and the policy says where else
 *                                                  └──▶ failed: until the application seeks
 * </pre>
 */
final class PartitionFeed {
    private final TopicPartition partition;
    private final ConsumerSettings settings;
    private final PartitionReader reader;
    private final RetryPolicy retryPolicy;
    private final Timers timers;
    private final RandomGenerator random;
    /** Something can be taken, or has failed. Called without a lock. */
    private final Runnable changed;

    private final ArrayDeque<FetchedBatches> fetched = new ArrayDeque<>();
    private long fetchedBytes;

    /** Null once it is known as {@link #position}. */
    private @Nullable StartPosition start;
    /** Of the next record to give out. */
    private long position;
    /** Of the next record to fetch. */
    private long fetchOffset;

    private @Nullable OffsetRange available;
    private @Nullable MillraceException failure;
    private boolean paused;
    private boolean closed;
    /** A call is under way, or the time after a failed one. */
    private boolean busy;
    /** Grows with each seek: an answer to an earlier question is nobody's. */
    private long era;
    /** In a row. */
    private int troubles;

    PartitionFeed(
            StartPosition start,
            ConsumerSettings settings,
            PartitionReader reader,
            RetryPolicy retryPolicy,
            Timers timers,
            RandomGenerator random,
            Runnable changed) {
        this.partition = reader.partition();
        this.start = start;
        this.settings = settings;
        this.reader = reader;
        this.retryPolicy = retryPolicy;
        this.timers = timers;
        this.random = random;
        this.changed = changed;
    }

    TopicPartition partition() {
        return partition;
    }

    // ------------------------------------------------------------------------------------------------ the application

    void seek(StartPosition to) {
        synchronized (this) {
            era++;
            busy = false;
            troubles = 0;
            failure = null;
            fetched.clear();
            fetchedBytes = 0;
            start = to;
        }
        proceed();
    }

    /** Fetches nothing and gives out nothing until {@link #resume}; what is here stays. */
    synchronized void pause() {
        paused = true;
    }

    void resume() {
        synchronized (this) {
            paused = false;
        }
        proceed();
        changed.run();
    }

    synchronized boolean isPaused() {
        return paused;
    }

    void close() {
        synchronized (this) {
            closed = true;
            era++;
            fetched.clear();
        }
    }

    /** The offset of the next record to give out; empty while that is not known. */
    synchronized OptionalLong position() {
        return start == null ? OptionalLong.of(position) : OptionalLong.empty();
    }

    /** Whether it would give out this offset next: it was not told to go elsewhere. */
    synchronized boolean isNext(long offset) {
        return start == null && position == offset && !closed;
    }

    /** What could be read when the last answer came. */
    synchronized @Nullable OffsetRange available() {
        return available;
    }

    /** What keeps it from going on; null if nothing does. Whatever is here comes first. */
    synchronized @Nullable MillraceException failure() {
        return paused || !fetched.isEmpty() ? null : failure;
    }

    /** Adds the next records, of which so many are wanted at most. */
    void take(List<ConsumerRecord> records, int max) {
        synchronized (this) {
            int end = records.size() + max;
            ConsumerRecord taken = records.size() < end ? takeIfGiven() : null;
            while (taken != null) {
                records.add(taken);
                taken = records.size() < end ? takeIfGiven() : null;
            }
        }
        proceed();
    }

    /** The next record; null if there is none now. */
    @Nullable ConsumerRecord take() {
        ConsumerRecord taken;
        synchronized (this) {
            taken = takeIfGiven();
        }
        proceed();
        return taken;
    }

    private @Nullable ConsumerRecord takeIfGiven() {
        return paused || closed ? null : takeFetched();
    }

    private @Nullable ConsumerRecord takeFetched() {
        while (!fetched.isEmpty()) {
            FetchedBatches first = fetched.getFirst();
            try {
                RecordCursor record = first.next();
                position = Math.max(position, first.nextOffset());
                if (record != null) {
                    return new ConsumerRecord(
                            partition,
                            record.offset(),
                            record.timestampMillis(),
                            record.key(),
                            record.value(),
                            record.headers());
                }
                fetched.removeFirst();
                fetchedBytes -= first.sizeBytes();
            } catch (MillraceException corrupt) {
                fetched.clear();
                fetchedBytes = 0;
                failure = corrupt;
            }
        }
        return null;
    }

    // -------------------------------------------------------------------------------------------------------- fetching

    /** Asks for what is next, if there is room for it. */
    void proceed() {
        Runnable step = next();
        if (step != null) {
            step.run();
        }
    }

    private synchronized @Nullable Runnable next() {
        StartPosition from = start;
        if (closed || busy || failure != null) {
            return null;
        }
        long asked = era;
        if (from instanceof StartPosition.At at) {
            start = null;
            position = at.offset();
            fetchOffset = at.offset();
        } else if (from instanceof StartPosition.None) {
            failure = noPosition();
            return changed;
        } else if (from != null) {
            busy = true;
            return () -> ask(asked, from);
        }
        boolean full = !fetched.isEmpty() && fetchedBytes + settings.fetchBytesMax() > settings.prefetchBytesMax();
        if (paused || full) {
            return null;
        }
        busy = true;
        long offset = fetchOffset;
        return () -> fetch(asked, offset);
    }

    private MillraceException noPosition() {
        return new MillraceException(
                FailureReason.OFFSET_OUT_OF_RANGE,
                "nobody has said where to begin in " + partition,
                Map.of("topic", partition.topic(), "partition", Integer.toString(partition.partition())));
    }

    private void ask(long asked, StartPosition from) {
        OptionalLong time =
                from instanceof StartPosition.AtTime at ? OptionalLong.of(at.timestampMillis()) : OptionalLong.empty();
        Futures.then(
                reader.askOffsets(time),
                answer -> {
                    OffsetRange range = new OffsetRange(answer.getEarliest(), answer.getLatest());
                    if (from instanceof StartPosition.Earliest) {
                        began(asked, range.earliest(), range);
                    } else {
                        began(
                                asked,
                                answer.hasOffsetAtTimestamp() ? answer.getOffsetAtTimestamp() : range.latest(),
                                range);
                    }
                },
                trouble -> troubled(asked, trouble));
    }

    private void began(long asked, long offset, OffsetRange range) {
        synchronized (this) {
            if (asked != era) {
                return;
            }
            busy = false;
            troubles = 0;
            start = null;
            position = offset;
            fetchOffset = offset;
            available = range;
        }
        proceed();
        changed.run();
    }

    private void fetch(long asked, long offset) {
        FetchOptions options = new FetchOptions(settings.fetchBytesMax(), 1, settings.fetchWaitMax());
        Futures.then(
                reader.fetchEncoded(offset, options, settings.anyReplica())
                        .thenApply(answer -> new Answer(
                                new FetchedBatches(partition, offset, answer.getRecordBatches()),
                                new OffsetRange(answer.getLogStartOffset(), answer.getHighWatermark()))),
                answer -> arrived(asked, answer),
                trouble -> troubled(asked, trouble));
    }

    private void arrived(long asked, Answer answer) {
        synchronized (this) {
            if (asked != era) {
                return;
            }
            busy = false;
            troubles = 0;
            available = answer.range();
            fetchOffset = answer.batches().endOffset();
            if (answer.batches().sizeBytes() > 0) {
                fetched.add(answer.batches());
                fetchedBytes += answer.batches().sizeBytes();
            }
        }
        proceed();
        changed.run();
    }

    private void troubled(long asked, MillraceException trouble) {
        Duration pause;
        synchronized (this) {
            if (asked != era) {
                return;
            }
            if (trouble.reason() == FailureReason.OFFSET_OUT_OF_RANGE && settings.reset() != ResetPolicy.ERROR) {
                busy = false;
                start = StartPosition.of(settings.reset());
                pause = Duration.ZERO;
            } else if (trouble.isRetriable()) {
                troubles++;
                pause = retryPolicy.backoff(troubles, random);
            } else {
                busy = false;
                failure = trouble;
                pause = Duration.ZERO;
            }
        }
        if (pause.isZero()) {
            proceed();
            changed.run();
        } else {
            timers.schedule(pause, () -> goOn(asked));
        }
    }

    private void goOn(long asked) {
        synchronized (this) {
            if (asked != era) {
                return;
            }
            busy = false;
        }
        proceed();
    }

    private record Answer(FetchedBatches batches, OffsetRange range) {}
}
