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
 * <p>Where records are compared by content, both follow the digests in the log: one that speaks of records counts as soon as these are in
 * the log as well, since a leader may be lost between the two.
 */
public final class WriteHistory {
    /** What an entry of the log says. */
    public sealed interface Logged {
        long index();

        /** A batch of an idempotent producer. */
        record Batch(long index, ProducerBatch batch, long baseOffset) implements Logged {}

        /** The end of an entry's records. */
        record Records(long index, long baseOffset, int count) implements Logged {}

        record Digested(long index, Digest digest) implements Logged {}
    }

    private static final int VERSION = 1;

    private final ProducerTable producers;
    /** Null unless records are compared by content. */
    private final @Nullable DedupWindow window;
    /** Those whose records may not be in the log yet, or may be cut off again. */
    private final ArrayDeque<Logged.Digested> digests = new ArrayDeque<>();

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
            return new WriteVerdict.Settled(original.baseOffset(), true, List.of());
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

    // ------------------------------------------------------------------------------------------------- following the
    // log

    /** The log has this, in an entry that may yet be cut off. */
    public void appended(Logged logged) {
        if (window == null) {
            if (logged instanceof Logged.Batch batch) {
                producers.appended(batch.index(), batch.batch(), batch.baseOffset());
            }
        } else if (logged instanceof Logged.Digested digested) {
            if (digested.digest().hashes().isEmpty()) {
                apply(window, digested.index(), digested.digest());
            } else {
                digests.add(digested);
            }
        } else if (logged instanceof Logged.Records records) {
            Digest digest = digests.isEmpty() ? null : digests.getLast().digest();
            if (digest == null
                    || digest.baseOffset() != records.baseOffset()
                    || digest.hashes().size() != records.count()) {
                throw new IllegalStateException("broken invariant: no digest of the records in entry " + records.index()
                        + " from offset " + records.baseOffset() + " on");
            }
            apply(window, records.index(), digest);
        }
    }

    private void apply(DedupWindow window, long index, Digest digest) {
        window.appended(index, digest.millis(), digest.baseOffset(), digest.hashes());
        for (Digest.Numbered numbered : digest.batches()) {
            producers.appended(index, numbered.batch(), numbered.baseOffset(), numbered.leftOut());
        }
    }

    /** Entry {@code fromIndex} and all after it are gone. */
    public void truncated(long fromIndex) {
        producers.truncated(fromIndex);
        if (window != null) {
            window.truncated(fromIndex);
            while (!digests.isEmpty() && digests.getLast().index() >= fromIndex) {
                digests.removeLast();
            }
        }
    }

    /** Everything up to here stays for ever. */
    public void committed(long index) {
        committed = Math.max(committed, index);
        producers.committed(index);
        if (window != null) {
            window.committed(index);
            forgetDigests(window);
        }
    }

    /** Those whose records are committed, and those that a later one has taken the place of, for good. */
    private void forgetDigests(DedupWindow window) {
        while (!digests.isEmpty()
                && (digests.getFirst().digest().baseOffset() < window.committedEnd()
                        || (digests.size() > 1 && second().index() <= committed))) {
            digests.removeFirst();
        }
    }

    private Logged.Digested second() {
        Iterator<Logged.Digested> iterator = digests.iterator();
        iterator.next();
        return iterator.next();
    }

    // -------------------------------------------------------------------------------------------------------- as bytes

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
        for (Logged.Digested digested : digests) {
            if (digested.index() <= committed) {
                copy.digests.add(digested);
            }
        }
        return copy;
    }

    /**
     * Everything but what is proposed, without a checksum; see {@link #fromBytes}. Without comparison by content that is the table of
     * producers; with it:
     *
     * <pre>
     *  version, 1 byte: 1 │ size, 4 │ {@link ProducerTable} │ first offset, 8 │ records, 4 │ per record: hash, 16 │ milliseconds, 8
     *  size, 4; 0 if there is none │ {@link Digest} whose records are not in the log yet
     * </pre>
     */
    public byte[] toBytes() {
        byte[] table = producers.toBytes();
        if (window == null) {
            return table;
        }
        // More than one there is only while something is not committed.
        byte[] digest =
                digests.isEmpty() ? new byte[0] : digests.getLast().digest().toBytes();
        ByteWriter to = new ByteWriter(1 + 4 + table.length + window.sizeInBytes() + 4 + digest.length);
        to.put(VERSION, 1);
        to.put(table.length, 4);
        to.put(table);
        window.writeTo(to);
        to.put(digest.length, 4);
        to.put(digest);
        return to.bytes();
    }

    /**
     * The inverse of {@link #toBytes}; nothing can be taken back from it.
     *
     * @throws IllegalArgumentException for anything that {@code toBytes} did not make
     */
    public static WriteHistory fromBytes(byte[] bytes, Optional<DedupBounds> bounds) {
        if (bounds.isEmpty()) {
            return new WriteHistory(ProducerTable.fromBytes(bytes), null);
        }
        ByteReader from = new ByteReader("history of what was written", bytes);
        from.requireVersion(VERSION);
        ProducerTable table = ProducerTable.fromBytes(from.bytes((int) from.get(4)));
        WriteHistory history = new WriteHistory(table, DedupWindow.readFrom(from, bounds.get()));
        byte[] digest = from.bytes((int) from.get(4));
        if (digest.length > 0) {
            history.digests.add(new Logged.Digested(0, Digest.fromBytes(digest)));
        }
        from.requireEnd();
        return history;
    }
}
