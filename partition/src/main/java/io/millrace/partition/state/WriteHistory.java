package io.millrace.partition.state;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a partition remembers of what was written to it: which batches by which producer, and, if it compares records by content,
 * what was in them. A function of the log; see {@link ProducerTable} and {@link DedupWindow}.
 *
 * <p>Whether records are compared may change while the log grows, and differ between replicas for a while: so the log itself says what was
 * compared. Records with a digest are followed by that, which counts as soon as they are in the log as well, since a leader may be lost
 * between the two; the others by what is in them.
 */
public final class WriteHistory {
    /** What an entry of the log says. */
    public sealed interface Logged {
        long index();

        /**
         * Records.
         *
         * @param term of the leader that made the entry
         * @param batches those of idempotent producers
         */
        record Records(long index, long term, long baseOffset, int count, List<Digest.Numbered> batches)
                implements Logged {
            public Records {
                batches = List.copyOf(batches);
            }
        }

        record Timed(long index, LogTime time) implements Logged {}

        record Digested(long index, long term, Digest digest) implements Logged {
            /** A leader that compares has a digest before all its records, and its last one is theirs. */
            private boolean isOf(Records records) {
                return term == records.term
                        && digest.baseOffset() == records.baseOffset
                        && digest.hashes().size() == records.count;
            }
        }
    }

    /** @param recordsIndex the entry of its records; {@link #NOT_YET} */
    private record Noted(Logged.Digested digested, long recordsIndex) {
        private static final long NOT_YET = 0;

        boolean isAwaited() {
            return recordsIndex == NOT_YET;
        }
    }

    /** The table of producers alone begins with its own version, which is less. */
    private static final int VERSION = 16;

    private final ProducerTable producers;
    /** Null unless records are compared by content. */
    private final @Nullable DedupWindow window;
    /** Those whose records may not be in the log yet, or may be cut off again. */
    private final ArrayDeque<Noted> digests = new ArrayDeque<>();

    private long committed;

    /** @param bounds for the comparison by content; empty: there is none */
    public WriteHistory(Optional<DedupBounds> bounds) {
        this(new ProducerTable(), bounds.map(DedupWindow::new).orElse(null));
    }

    private WriteHistory(ProducerTable producers, @Nullable DedupWindow window) {
        this.producers = producers;
        this.window = window;
    }

    // -------------------------------------------------------------------------------------------------------- leading

    /**
     * Decides about a request that comes after everything that was appended and proposed so far; what is to be appended counts as
     * proposed.
     *
     * @param batch what the request is, if it is an idempotent producer's
     * @param recordCount of the request
     * @param hashes of its records, in order; empty if they are not compared by content
     * @param nextOffset the one that the first record to be written gets
     */
    public WriteVerdict propose(
            Optional<ProducerBatch> batch, int recordCount, List<ContentHash> hashes, long nextOffset, long nowMillis) {
        SequenceVerdict sequence = batch.map(producers::verdictOn).orElse(SequenceVerdict.Accepted.ACCEPTED);
        if (sequence instanceof SequenceVerdict.Duplicate original) {
            return again(original, recordCount, hashes);
        } else if (sequence != SequenceVerdict.Accepted.ACCEPTED) {
            return new WriteVerdict.Refused(sequence);
        }
        List<DuplicateRecord> duplicates =
                window == null ? List.of() : proposeNew(window, hashes, nextOffset, nowMillis);
        batch.ifPresent(numbered -> producers.propose(numbered, nextOffset, duplicates.size()));
        return batch.isEmpty() && duplicates.size() == recordCount
                ? new WriteVerdict.Settled(-1, false, duplicates)
                : new WriteVerdict.Append(duplicates.size() == recordCount ? -1 : nextOffset, duplicates);
    }

    private static List<DuplicateRecord> proposeNew(
            DedupWindow window, List<ContentHash> hashes, long nextOffset, long nowMillis) {
        List<DuplicateRecord> duplicates = new ArrayList<>();
        long offset = nextOffset;
        for (int place = 0; place < hashes.size(); place++) {
            OptionalLong found = window.find(hashes.get(place), offset, nowMillis);
            if (found.isPresent()) {
                duplicates.add(new DuplicateRecord(place, found.getAsLong()));
            } else {
                window.propose(hashes.get(place), offset++);
            }
        }
        return duplicates;
    }

    /**
     * Finds out what became of each record at the first attempt: those that were written follow each other, all others lie before. If one
     * was written anew since, too much time has passed.
     */
    private WriteVerdict again(SequenceVerdict.Duplicate original, int recordCount, List<ContentHash> hashes) {
        int written = recordCount - original.leftOut();
        if (original.leftOut() == 0 || window == null) {
            return new WriteVerdict.Settled(written == 0 ? -1 : original.baseOffset(), true, List.of());
        }
        List<DuplicateRecord> duplicates = new ArrayList<>();
        long own = original.baseOffset();
        for (int place = 0; place < hashes.size(); place++) {
            long found = window.latest(hashes.get(place)).orElse(Long.MAX_VALUE);
            if (found == own && own < original.baseOffset() + written) {
                own++;
            } else if (found < own) {
                duplicates.add(new DuplicateRecord(place, found));
            }
        }
        return duplicates.size() == original.leftOut()
                ? new WriteVerdict.Settled(written == 0 ? -1 : original.baseOffset(), true, duplicates)
                : new WriteVerdict.Refused(SequenceVerdict.DuplicateTooOld.DUPLICATE_TOO_OLD);
    }

    /** What was proposed and did not arrive in the log never will. */
    public void abandonProposed() {
        producers.abandonProposed();
        if (window != null) {
            window.abandonProposed();
        }
    }

    // ---------------------------------------------------------------------------------------------- following the log

    /** The log has this, in an entry that may yet be cut off. */
    public void appended(Logged logged) {
        if (logged instanceof Logged.Records records) {
            appended(records);
        } else if (logged instanceof Logged.Digested digested) {
            if (digested.digest().hashes().isEmpty()) {
                apply(digested.index(), digested.digest());
            } else {
                digests.add(new Noted(digested, Noted.NOT_YET));
            }
        } else if (logged instanceof Logged.Timed timed) {
            producers.timed(timed.index(), timed.time());
        }
    }

    private void appended(Logged.Records records) {
        Noted last = digests.peekLast();
        if (last != null && last.isAwaited() && last.digested().isOf(records)) {
            digests.removeLast();
            digests.add(new Noted(last.digested(), records.index()));
            apply(records.index(), last.digested().digest());
            return;
        }
        noteAll(records.index(), records.batches());
        if (window != null) {
            window.appendedUnknown(records.index(), records.baseOffset(), records.count());
        }
    }

    private void apply(long index, Digest digest) {
        if (window != null) {
            window.appended(index, digest.millis(), digest.baseOffset(), digest.hashes());
        }
        noteAll(index, digest.batches());
    }

    private void noteAll(long index, List<Digest.Numbered> batches) {
        for (Digest.Numbered numbered : batches) {
            producers.appended(index, numbered.batch(), numbered.baseOffset(), numbered.leftOut());
        }
    }

    /** Entry {@code fromIndex} and all after it are gone. */
    public void truncated(long fromIndex) {
        producers.truncated(fromIndex);
        if (window != null) {
            window.truncated(fromIndex);
        }
        while (!digests.isEmpty() && digests.getLast().digested().index() >= fromIndex) {
            digests.removeLast();
        }
        if (!digests.isEmpty() && digests.getLast().recordsIndex() >= fromIndex) {
            digests.add(new Noted(digests.removeLast().digested(), Noted.NOT_YET));
        }
    }

    /** Everything up to here stays for ever. */
    public void committed(long index) {
        committed = Math.max(committed, index);
        producers.committed(index);
        if (window != null) {
            window.committed(index);
        }
        forgetDigests();
    }

    /** Those whose records are committed, and those that a later one has taken the place of, for good. */
    private void forgetDigests() {
        while (!digests.isEmpty()
                && ((!digests.getFirst().isAwaited() && digests.getFirst().recordsIndex() <= committed)
                        || (digests.size() > 1 && second().digested().index() <= committed))) {
            digests.removeFirst();
        }
    }

    private Noted second() {
        Iterator<Noted> iterator = digests.iterator();
        iterator.next();
        return iterator.next();
    }

    // -------------------------------------------------------------------------------------------------------- as bytes

    /** When the log said last what time it is, as far as that is of use; {@link Long#MIN_VALUE}: never. */
    public long timeMillis() {
        return producers.timeMillis();
    }

    public int producerCount() {
        return producers.producerCount();
    }

    /** Of what it remembers of contents, when it is written. */
    public long windowBytes() {
        return window == null ? 0 : window.sizeInBytes();
    }

    /** A history of its own, as of the last committed entry. */
    public WriteHistory committedCopy() {
        WriteHistory copy = new WriteHistory(producers.committedCopy(), window == null ? null : window.committedCopy());
        copy.committed = committed;
        for (Noted noted : digests) {
            if (noted.digested().index() <= committed) {
                copy.digests.add(new Noted(noted.digested(), Noted.NOT_YET));
            }
        }
        return copy;
    }

    /**
     * Everything but what is proposed, without a checksum; see {@link #fromBytes}. If there is nothing else, that is the table of
     * producers; else:
     *
     * <pre>
     *  version, 1 byte: 16 │ size, 4 │ {@link ProducerTable} │ compared, 1: 0 or 1
     *  if compared: {@link DedupBounds}: milliseconds, 8 │ records, 4 │ first offset, 8 │ records, 4 │ per record: hash, 16 │ milliseconds, 8
     *  size, 4; 0 if there is none │ term, 8 │ {@link Digest} whose records are not in the log yet
     * </pre>
     */
    public byte[] toBytes() {
        byte[] table = producers.toBytes();
        if (window == null && digests.isEmpty()) {
            return table;
        }
        // More than one there is only while something is not committed.
        Logged.Digested last = digests.isEmpty() ? null : digests.getLast().digested();
        byte[] digest = last == null ? new byte[0] : last.digest().toBytes();
        ByteWriter to = new ByteWriter(1
                + 4
                + table.length
                + 1
                + (window == null ? 0 : window.sizeInBytes())
                + 4
                + (last == null ? 0 : 8 + digest.length));
        to.put(VERSION, 1);
        to.put(table.length, 4);
        to.put(table);
        to.put(window == null ? 0 : 1, 1);
        if (window != null) {
            window.writeTo(to);
        }
        to.put(digest.length, 4);
        if (last != null) {
            to.put(last.term(), 8);
            to.put(digest);
        }
        return to.bytes();
    }

    /**
     * The inverse of {@link #toBytes}; nothing can be taken back from it. Of contents it knows what the bytes do, if anything.
     *
     * @throws IllegalArgumentException for anything that {@code toBytes} did not make
     */
    public static WriteHistory fromBytes(byte[] bytes, Optional<DedupBounds> bounds) {
        return parse(bytes, bounds).history();
    }

    /**
     * The same, or empty if there is more to be found in the log, because the bytes are of a history with other bounds.
     *
     * @throws IllegalArgumentException as {@link #fromBytes}
     */
    public static Optional<WriteHistory> wholeFromBytes(byte[] bytes, Optional<DedupBounds> bounds) {
        Parsed parsed = parse(bytes, bounds);
        return bounds.isEmpty() || bounds.equals(parsed.bounds()) ? Optional.of(parsed.history()) : Optional.empty();
    }

    private record Parsed(WriteHistory history, Optional<DedupBounds> bounds) {}

    private static Parsed parse(byte[] bytes, Optional<DedupBounds> bounds) {
        DedupWindow none = bounds.map(DedupWindow::new).orElse(null);
        if (bytes.length == 0 || bytes[0] != VERSION) {
            return new Parsed(new WriteHistory(ProducerTable.fromBytes(bytes), none), Optional.empty());
        }
        ByteReader from = new ByteReader("history of what was written", bytes);
        from.requireVersion(VERSION);
        ProducerTable table = ProducerTable.fromBytes(from.bytes((int) from.get(4)));
        Optional<DedupBounds> found = Optional.empty();
        DedupWindow window = none;
        if (from.get(1) != 0) {
            found = Optional.of(DedupBounds.readFrom(from));
            DedupWindow kept = DedupWindow.readFrom(from, bounds.orElse(found.get()));
            window = bounds.isPresent() ? kept : null;
        }
        WriteHistory history = new WriteHistory(table, window);
        int digestBytes = (int) from.get(4);
        if (digestBytes > 0) {
            long term = from.get(8);
            history.digests.add(
                    new Noted(new Logged.Digested(0, term, Digest.fromBytes(from.bytes(digestBytes))), Noted.NOT_YET));
        }
        from.requireEnd();
        return new Parsed(history, found);
    }
}
