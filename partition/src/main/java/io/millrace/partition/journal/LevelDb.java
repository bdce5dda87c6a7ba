package io.millrace.partition.journal;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.fusesource.leveldbjni.JniDBFactory;
import org.iq80.leveldb.DB;
import org.iq80.leveldb.DBIterator;
import org.iq80.leveldb.Options;
import org.iq80.leveldb.ReadOptions;
import org.iq80.leveldb.WriteBatch;
import org.iq80.leveldb.WriteOptions;
import org.jspecify.annotations.Nullable;

/**
 * An open LevelDB that nobody uses any more once it is closed: the native library would take the process with it. What is
 * read has good checksums; what is written is forced to disk. All of it blocks.
 */
final class LevelDb implements AutoCloseable {
    private static final ReadOptions CHECKED = new ReadOptions().verifyChecksums(true);
    private static final WriteOptions FORCED = new WriteOptions().sync(true);

    private final DB db;
    private final LongSupplier freeBytes;
    /** Read by who uses the database, written by who closes it. */
    private final ReadWriteLock use = new ReentrantReadWriteLock();

    private boolean closed;

    private LevelDb(DB db, LongSupplier freeBytes) {
        this.db = db;
        this.freeBytes = freeBytes;
    }

    /** Made if there is none. Its disk must have {@link JournalRoom}. */
    static LevelDb open(File directory) throws IOException {
        return open(directory, directory::getUsableSpace);
    }

    /** @param freeBytes on its disk, now */
    static LevelDb open(File directory, LongSupplier freeBytes) throws IOException {
        return new LevelDb(JniDBFactory.factory.open(directory, new Options().createIfMissing(true)), freeBytes);
    }

    byte @Nullable [] get(byte[] key) {
        use.readLock().lock();
        try {
            checkOpen();
            return db.get(key, CHECKED);
        } finally {
            use.readLock().unlock();
        }
    }

    /**
     * Visits rows in the order of their keys.
     *
     * @param visitor tells whether to go on
     */
    void scan(byte[] from, Predicate<Map.Entry<byte[], byte[]>> visitor) {
        use.readLock().lock();
        try {
            checkOpen();
            try (DBIterator rows = db.iterator(CHECKED)) {
                rows.seek(from);
                while (rows.hasNext() && visitor.test(rows.next())) {
                    // until the visitor has seen enough
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            use.readLock().unlock();
        }
    }

    /** All of it or nothing. */
    void write(Consumer<WriteBatch> content) {
        use.readLock().lock();
        try {
            checkOpen();
            JournalRoom.check(freeBytes.getAsLong());
            try (WriteBatch batch = db.createWriteBatch()) {
                content.accept(batch);
                db.write(batch, FORCED);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            use.readLock().unlock();
        }
    }

    /** Waits for those that use it. */
    @Override
    public void close() throws IOException {
        use.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                db.close();
            }
        } finally {
            use.writeLock().unlock();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the journal is closed");
        }
    }
}
