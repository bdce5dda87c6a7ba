package io.millrace.partition.replica;

import io.millrace.partition.log.EntryCache;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A replica's log with its latest entries in memory: reads are answered from there at once, or on the dispatcher for
 * blocking I/O. The Raft actor says what it appends and cuts, before the {@link LogWriter} has done it.
 */
final class CachedLog implements ReplicaLog {
    private interface Read<T> {
        T run() throws IOException;
    }

    private final SegmentedLog log;
    private final OffsetReader offsets;
    private final int cacheBytesMax;
    private final Executor blocking;

    /** Null after a cut below what it held, until an entry says at which offset it begins. */
    private volatile @Nullable EntryCache cache;

    CachedLog(SegmentedLog log, OffsetReader offsets, int cacheBytesMax, Executor blocking) {
        this.log = log;
        this.offsets = offsets;
        this.cacheBytesMax = cacheBytesMax;
        this.blocking = blocking;
        this.cache = new EntryCache(cacheBytesMax, offsets, log.nextOffset());
    }

    void appended(List<Entry> entries) {
        EntryCache current = cache;
        List<Entry> cacheable = entries;
        if (current == null) {
            cacheable = entries.stream()
                    .dropWhile(entry -> entry.type() != EntryType.DATA)
                    .toList();
            if (cacheable.isEmpty()) {
                return;
            }
            current = new EntryCache(
                    cacheBytesMax, offsets, offsets.baseOffset(cacheable.get(0).payload()));
        }
        current.append(cacheable);
        cache = current;
    }

    void truncatedFrom(long index) {
        EntryCache current = cache;
        OptionalLong nextOffset = current == null ? OptionalLong.empty() : current.nextOffsetAt(index - 1);
        if (current != null && nextOffset.isPresent()) {
            current.truncateFrom(index, nextOffset.getAsLong());
        } else {
            cache = null;
        }
    }

    @Override
    public CompletionStage<List<Entry>> read(long fromIndex, long toIndex, int maxBytes) {
        EntryCache current = cache;
        Optional<List<Entry>> cached = current == null ? Optional.empty() : current.read(fromIndex, toIndex, maxBytes);
        return cached.<CompletionStage<List<Entry>>>map(CompletableFuture::completedFuture)
                .orElseGet(() -> blocking(() -> log.read(fromIndex, toIndex, maxBytes)));
    }

    @Override
    public CompletionStage<List<Entry>> readFromOffset(long offset, long toIndex, int maxBytes) {
        EntryCache current = cache;
        OptionalLong index = current == null ? OptionalLong.empty() : current.indexOfOffset(offset);
        return index.isPresent()
                ? read(index.getAsLong(), toIndex, maxBytes)
                : blocking(() -> log.read(log.indexOfOffset(offset), toIndex, maxBytes));
    }

    @Override
    public CompletionStage<Long> nextOffsetAt(long index) {
        return blocking(() -> log.nextOffsetAt(index));
    }

    @Override
    public long startOffset() {
        return log.logStartOffset();
    }

    @Override
    public long sizeBytes() {
        return log.sizeBytes();
    }

    private <T> CompletionStage<T> blocking(Read<T> read) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return read.run();
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                },
                blocking);
    }
}
