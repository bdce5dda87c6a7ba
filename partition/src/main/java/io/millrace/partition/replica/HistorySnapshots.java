package io.millrace.partition.replica;

import io.millrace.partition.log.Storage;
import io.millrace.partition.log.StorageFile;
import io.millrace.partition.state.DedupBounds;
import io.millrace.partition.state.WriteHistory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was written, {@link WriteHistory}, as it was at some committed entries, in small files beside the log, so that a start need not read
 * the log from its beginning. They save time only: one that is missing or damaged is passed over, and one ahead of the log deleted, and all
 * of it can be found out again from the log.
 *
 * <pre>
 *  producers-&lt;index, 20 digits&gt;.snapshot:  magic, 4: MLPS │ index, 8 │ {@link WriteHistory#toBytes} │ CRC32C of all before, 4
 * </pre>
 *
 * All of it blocks.
 */
final class HistorySnapshots {
    /** A history and the entry after which it was like this. */
    record Snapshot(long index, WriteHistory history) {}

    private static final Logger LOG = LoggerFactory.getLogger(HistorySnapshots.class);
    private static final String PREFIX = "producers-";
    private static final String SUFFIX = ".snapshot";
    private static final int MAGIC = 0x4D4C_5053; // MLPS
    private static final int HEADER_BYTES = Integer.BYTES + Long.BYTES;
    /** The latest may be ahead of the log after a crash: a leader's disk is not needed for a majority. */
    private static final int KEPT = 2;

    private final Storage storage;
    private final Optional<DedupBounds> bounds;

    /** @param bounds as {@link WriteHistory} has them */
    HistorySnapshots(Storage storage, Optional<DedupBounds> bounds) {
        this.storage = storage;
        this.bounds = bounds;
    }

    /**
     * The latest that is good and within the log. Those ahead of it are deleted: where records may be lost (decision 013), others may take
     * the place of those that they speak of.
     *
     * @param atStart of the log: what to begin with if there is none
     */
    Snapshot latest(Snapshot atStart, long lastIndex) {
        try {
            for (String name : names()) {
                if (name.compareTo(nameOf(lastIndex)) > 0) {
                    storage.delete(name);
                    continue;
                }
                Optional<Snapshot> snapshot =
                        read(name).filter(found -> found.index() >= atStart.index() && found.index() <= lastIndex);
                if (snapshot.isPresent()) {
                    return snapshot.get();
                }
            }
        } catch (IOException e) {
            LOG.warn("Cannot read the snapshots of producers in {}: the log is read instead", storage, e);
        }
        return atStart;
    }

    /**
     * Writes one that is durable when this returns, and deletes those that are not needed any more.
     *
     * @throws UncheckedIOException if the disk does not do as it should
     */
    void write(Snapshot snapshot) {
        try {
            tryToWrite(snapshot);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void tryToWrite(Snapshot snapshot) throws IOException {
        byte[] history = snapshot.history().toBytes();
        ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES + history.length + Integer.BYTES);
        bytes.putInt(MAGIC).putLong(snapshot.index()).put(history);
        bytes.putInt(crcOf(bytes.array()));
        String name = nameOf(snapshot.index());
        storage.delete(name);
        try (StorageFile file = storage.create(name)) {
            file.write(bytes.flip(), 0);
            file.force();
        }
        storage.syncDirectory();
        List<String> all = names();
        for (String old : all.subList(Math.min(KEPT, all.size()), all.size())) {
            storage.delete(old);
        }
    }

    /** The latest first. */
    private List<String> names() throws IOException {
        return storage.list().stream()
                .filter(name -> name.startsWith(PREFIX) && name.endsWith(SUFFIX))
                .sorted(Comparator.reverseOrder())
                .toList();
    }

    private Optional<Snapshot> read(String name) throws IOException {
        ByteBuffer bytes;
        try (StorageFile file = storage.open(name)) {
            bytes = ByteBuffer.allocate(Math.toIntExact(file.size()));
            file.read(bytes, 0);
        }
        byte[] all = bytes.array();
        if (all.length < HEADER_BYTES + Integer.BYTES
                || bytes.getInt(0) != MAGIC
                || bytes.getInt(all.length - Integer.BYTES) != crcOf(all)) {
            LOG.warn("{} in {} is damaged: it is not used", name, storage);
            return Optional.empty();
        }
        byte[] history = new byte[all.length - HEADER_BYTES - Integer.BYTES];
        bytes.get(HEADER_BYTES, history);
        try {
            return WriteHistory.wholeFromBytes(history, bounds)
                    .map(whole -> new Snapshot(bytes.getLong(Integer.BYTES), whole));
        } catch (IllegalArgumentException e) {
            LOG.warn("{} in {} is not used: {}", name, storage, e.getMessage());
            return Optional.empty();
        }
    }

    private static int crcOf(byte[] file) {
        CRC32C crc = new CRC32C();
        crc.update(file, 0, file.length - Integer.BYTES);
        return (int) crc.getValue();
    }

    private static String nameOf(long index) {
        return PREFIX + String.format("%020d", index) + SUFFIX;
    }
}
