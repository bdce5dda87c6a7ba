package io.millrace.partition.replica;

import io.millrace.partition.replica.PartitionCommand.Produce;
import io.millrace.partition.state.ContentHash;
import io.millrace.partition.state.Digest;
import io.millrace.partition.state.DuplicateRecord;
import io.millrace.partition.state.LogTime;
import io.millrace.partition.state.ProducerBatch;
import io.millrace.partition.state.WriteHistory;
import io.millrace.partition.state.WriteVerdict;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Has a leader's requests decided upon, one after the other, and notes what the log has to say before those that become its next proposal. */
final class Admission {
    /** So often, while a producer expires, the log tells the time. */
    private static final int TIMES_PER_EXPIRY = 24;

    private final boolean byContent;
    private final Supplier<WriteHistory> history;
    private final LongSupplier wallClockMillis;

    private final List<ContentHash> hashes = new ArrayList<>();
    private final List<Digest.Numbered> batches = new ArrayList<>();
    private long millis;
    private long baseOffset;
    private boolean begun;

    private final LongSupplier producerExpiryMillis;
    private boolean numbered;
    /** Of this leader, perhaps not in the log yet. */
    private long toldMillis = Long.MIN_VALUE;

    /**
     * @param byContent whether records are compared by content; if not, there are no digests
     * @param producerExpiryMillis for so long at least a producer is remembered; asked each time
     * @param history asked only while it is complete
     */
    Admission(
            boolean byContent,
            LongSupplier producerExpiryMillis,
            Supplier<WriteHistory> history,
            LongSupplier wallClockMillis) {
        this.producerExpiryMillis = producerExpiryMillis;
        this.byContent = byContent;
        this.history = history;
        this.wallClockMillis = wallClockMillis;
    }

    WriteVerdict decide(Produce request, long nextOffset) {
        Optional<ProducerBatch> batch = ProducerBatches.of(request.batches());
        numbered |= batch.isPresent();
        if (!byContent) {
            return history.get().propose(batch, request.recordCount(), List.of(), nextOffset, 0);
        }
        if (!begun) {
            millis = wallClockMillis.getAsLong();
            baseOffset = nextOffset;
        }
        List<ContentHash> contents = ContentHashes.read(
                ContentHashes.isOf(request.hashes(), request.recordCount())
                        ? request.hashes()
                        : ContentHashes.of(request.batches(), Integer.MAX_VALUE)); // its front door knew no better
        WriteVerdict verdict = history.get().propose(batch, request.recordCount(), contents, nextOffset, millis);
        if (verdict instanceof WriteVerdict.Append append) {
            begun = true;
            note(batch, contents, append.duplicates(), nextOffset);
        }
        return verdict;
    }

    private void note(
            Optional<ProducerBatch> batch,
            List<ContentHash> contents,
            List<DuplicateRecord> duplicates,
            long nextOffset) {
        Set<Integer> leftOut = new HashSet<>();
        duplicates.forEach(duplicate -> leftOut.add(duplicate.place()));
        for (int place = 0; place < contents.size(); place++) {
            if (!leftOut.contains(place)) {
                hashes.add(contents.get(place));
            }
        }
        batch.ifPresent(numbered -> batches.add(new Digest.Numbered(numbered, nextOffset, leftOut.size())));
    }

    /** For the log to tell, if there are batches of idempotent producers since the last time, and it has not told the time for long. */
    Optional<LogTime> takeTime() {
        if (!numbered) {
            return Optional.empty();
        }
        numbered = false;
        long now = wallClockMillis.getAsLong();
        long expiry = producerExpiryMillis.getAsLong();
        long last = Math.max(toldMillis, history.get().timeMillis());
        if (last != Long.MIN_VALUE && now - last < expiry / TIMES_PER_EXPIRY) {
            return Optional.empty();
        }
        toldMillis = now;
        return Optional.of(new LogTime(now, now - expiry));
    }

    /** What it has told may not have come to the log. */
    void lostLeadership() {
        toldMillis = Long.MIN_VALUE;
    }

    /** Of all that is to be appended since the last time; empty if there is nothing, or if none are needed. */
    Optional<Digest> takeDigest() {
        if (!begun) {
            return Optional.empty();
        }
        Digest digest = new Digest(millis, baseOffset, hashes, batches);
        hashes.clear();
        batches.clear();
        begun = false;
        return Optional.of(digest);
    }
}
