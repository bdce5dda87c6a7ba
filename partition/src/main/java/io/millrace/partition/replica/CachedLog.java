package io.millrace.partition.replica;

import io.millrace.partition.log.EntriesUnavailableException;
import io.millrace.partition.log.EntryCache;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.log.SegmentSummary;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.log.SnapshotFold;
import io.millrace.partition.raft.Configuration;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.StateMachine;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A replica's log with its latest entries in memory: reads are answered from there at once, or on the dispatcher for
 * blocking I/O, where what follows a read of old entries is read ahead.
 *
 * <p>The Raft actor says what it appends and cuts before the {@link LogWriter} has done it, and what the writer has forced.
 * In between the files are behind: they lack entries, or still have others in their place. So what is not forced stays in
 * memory, and no read of the files goes as far as that.
 */
final class CachedLog implements ReplicaLog {
    private interface Read<T> {
        T run() throws IOException;
    }

    private static final Logger LOG = LoggerFactory.getLogger(CachedLog.class);

    /** A cut may disturb a read of what lies before it; one replica does not cut so often in the time of a read. */
    private static final int READ_ATTEMPTS_MAX = 5;

    private final SegmentedLog log;
    private final long behindBytes;
    private final Executor blocking;
    private final EntryCache cache;
    private final ReadAhead ahead;
    private final OffsetReader offsets;

    /** Where a snapshot has begun the log anew, be the files there yet or not. */
    private volatile long restartOffset;

    /** All entries up to here, of those that were appended, are in the files. For the Raft actor alone. */
    private long forcedIndex;

    CachedLog(
            SegmentedLog log,
            OffsetReader offsets,
            int cacheBytesMax,
            long behindBytes,
            Executor blocking,
            ReadAhead ahead) {
        this.log = log;
        this.offsets = offsets;
        this.ahead = ahead;
        this.behindBytes = behindBytes;
        this.blocking = blocking;
        this.cache = new EntryCache(cacheBytesMax, offsets, log.nextOffset());
        forced(log.lastPosition().index());
    }

    void appended(List<Entry> entries) {
        cache.append(entries);
    }

    void truncatedFrom(long index) {
        cache.truncateFrom(index, cache.nextOffsetAt(index - 1).orElse(EntryCache.UNKNOWN));
        forced(Math.min(forcedIndex, index - 1));
    }

    /** A snapshot takes the place of all that there is. */
    void restartedAfter(Snapshot snapshot) {
        restartOffset = snapshot.nextOffset();
        cache.truncateFrom(0, snapshot.nextOffset());
        forced(snapshot.position().index());
    }

    /** The files have everything up to here as it was appended last. */
    void forced(long index) {
        forcedIndex = index;
        cache.keepFrom(index + 1);
    }

    @Override
    public CompletionStage<List<Entry>> read(long fromIndex, long toIndex, int maxBytes) {
        Optional<List<Entry>> cached = cache.read(fromIndex, toIndex, maxBytes);
        if (cached.isPresent()) {
            return CompletableFuture.completedFuture(cached.get());
        }
        long until = Math.min(toIndex, lastInFiles());
        return blocking(() -> log.read(fromIndex, until, maxBytes));
    }

    @Override
    public CompletionStage<List<Entry>> readFromOffset(long offset, long toIndex, int maxBytes) {
        OptionalLong index = cache.indexOfOffset(offset);
        if (index.isPresent()) {
            return read(index.getAsLong(), toIndex, maxBytes);
        }
        CompletionStage<List<Entry>> entries = ahead.take(this, offset)
                .map(begun -> orElse(begun, () -> fromFiles(offset, toIndex, maxBytes)))
                .orElseGet(() -> fromFiles(offset, toIndex, maxBytes));
        return entries.thenApply(read -> {
            readAhead(read, toIndex, maxBytes);
            return read;
        });
    }

    private CompletionStage<List<Entry>> fromFiles(long offset, long toIndex, int maxBytes) {
        long until = Math.min(toIndex, lastInFiles());
        return blocking(() -> log.read(log.indexOfOffset(offset), until, maxBytes));
    }

    /** What was read ahead, unless that has failed, or has no records: when it was begun there were none. */
    private static CompletionStage<List<Entry>> orElse(
            CompletionStage<List<Entry>> begun, Supplier<CompletionStage<List<Entry>>> other) {
        return begun.handle((entries, failure) -> failure == null && lastWithRecords(entries) != null
                        ? CompletableFuture.completedFuture(entries)
                        : other.get())
                .thenCompose(stage -> stage);
    }

    /** Who has read these will want those that follow. Only what is committed is read here, so what is read stays true. */
    private void readAhead(List<Entry> read, long toIndex, int maxBytes) {
        Entry records = lastWithRecords(read);
        long from = read.isEmpty() ? Long.MAX_VALUE : read.get(read.size() - 1).index() + 1;
        long until = Math.min(toIndex, lastInFiles());
        if (records != null && from <= until) {
            long next = offsets.nextOffset(records.payload(), offsets.baseOffset(records.payload()));
            ahead.begin(this, next, () -> blocking(() -> log.read(from, until, maxBytes)));
        }
    }

    private static @Nullable Entry lastWithRecords(List<Entry> entries) {
        for (int i = entries.size() - 1; i >= 0; i--) {
            if (entries.get(i).type() == EntryType.DATA) {
                return entries.get(i);
            }
        }
        return null;
    }

    @Override
    public CompletionStage<Optional<TimedOffset>> findTimestamp(long timestampMillis, long toIndex) {
        return blocking(() -> {
            while (true) {
                long until = Math.min(toIndex, lastInFiles());
                OptionalLong index = log.indexOfTimestamp(timestampMillis);
                if (index.isPresent() && index.getAsLong() <= until) {
                    List<Entry> entry = log.read(index.getAsLong(), index.getAsLong(), 0);
                    return TimedOffset.firstIn(entry.get(0), timestampMillis);
                }
                if (until == toIndex) {
                    return Optional.empty();
                }
                Optional<List<Entry>> cached = cache.read(until + 1, toIndex, Integer.MAX_VALUE);
                if (cached.isPresent()) {
                    return cached.get().stream()
                            .flatMap(entry -> TimedOffset.firstIn(entry, timestampMillis).stream())
                            .findFirst();
                }
                // What followed the files a moment ago has gone from memory: it is in the files now.
            }
        });
    }

    /** Everything before the oldest entry in memory is in the files, and nothing else is in its place. */
    private long lastInFiles() {
        return cache.firstIndex().orElse(Long.MAX_VALUE) - 1;
    }

    @Override
    public CompletionStage<Long> nextOffsetAt(long index) {
        return blocking(() -> log.nextOffsetAt(index));
    }

    /** The bytes of the snapshot at the start of the log. */
    CompletionStage<Payload> encodedSnapshot(LogPosition position) {
        return blocking(() -> log.encodedSnapshot(position));
    }

    /** Nothing happens: so there may be thousands of such logs, each keeps open only the file that it writes to. */
    void rest() {
        blocking.execute(() -> {
            try {
                log.closeReadFiles();
            } catch (IOException e) {
                LOG.warn("cannot close a file that was read", e);
            }
        });
    }

    /** Where the log may begin, whole segments shorter; see {@link SegmentedLog#trimmableTo}. */
    LogPosition trimmableTo(long index) {
        return log.trimmableTo(index);
    }

    boolean isInGrowingSegment(long index) {
        List<SegmentSummary> segments = log.segments();
        return index >= segments.get(segments.size() - 1).firstIndex();
    }

    /** See {@link SnapshotFold#of}. */
    CompletionStage<Snapshot> fold(LogPosition position, Configuration founding, StateMachine stateMachine) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return SnapshotFold.of(log, position, founding, stateMachine);
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                },
                blocking);
    }

    @Override
    public boolean isBehind() {
        return cache.keptBytes() > behindBytes;
    }

    LogPosition start() {
        return log.start();
    }

    @Override
    public long firstIndex() {
        return log.firstIndex();
    }

    @Override
    public long startOffset() {
        return Math.max(restartOffset, log.logStartOffset());
    }

    @Override
    public long sizeBytes() {
        return log.sizeBytes();
    }

    @Override
    public List<SegmentSummary> segments() {
        return log.segments();
    }

    private <T> CompletionStage<T> blocking(Read<T> read) {
        return CompletableFuture.supplyAsync(
                () -> {
                    for (int attempt = 1; ; attempt++) {
                        try {
                            return read.run();
                        } catch (IOException e) {
                            if (!(e instanceof EntriesUnavailableException) || attempt == READ_ATTEMPTS_MAX) {
                                throw new CompletionException(e);
                            }
                        }
                    }
                },
                blocking);
    }
}
