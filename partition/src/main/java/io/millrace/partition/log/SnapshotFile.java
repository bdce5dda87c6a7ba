package io.millrace.partition.log;

import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.SnapshotCodec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** A {@link Snapshot} beside the segments: {@code <index of its position, 20 digits>.snapshot}. */
final class SnapshotFile {
    private static final String SUFFIX = ".snapshot";

    private SnapshotFile() {}

    static String nameOf(LogPosition position) {
        return SegmentHeader.digits(position.index()) + SUFFIX;
    }

    /** All that are there, whole or not; the latest first. */
    static List<String> names(Storage storage) throws IOException {
        List<String> names = new ArrayList<>();
        for (String name : storage.list()) {
            if (SegmentHeader.isNumbered(name, SUFFIX)) {
                names.add(name);
            }
        }
        names.sort(java.util.Comparator.reverseOrder());
        return names;
    }

    /** Durable when this returns. */
    static void write(Storage storage, Snapshot snapshot) throws IOException {
        String name = nameOf(snapshot.position());
        storage.delete(name);
        try (StorageFile file = storage.create(name)) {
            writeAndForce(file, SnapshotCodec.encode(snapshot));
        }
        storage.syncDirectory();
    }

    /** The same content once more, durable when this returns. */
    static void rewrite(Storage storage, String name) throws IOException {
        Payload bytes = read(storage, name);
        try (StorageFile file = storage.open(name)) {
            writeAndForce(file, bytes);
        }
        storage.syncDirectory();
    }

    private static void writeAndForce(StorageFile file, Payload bytes) throws IOException {
        file.write(ByteBuffer.wrap(bytes.array(), bytes.arrayOffset(), bytes.sizeBytes()), 0);
        file.force();
    }

    /**
     * The bytes of one, verified.
     *
     * @throws java.nio.file.NoSuchFileException if there is none
     * @throws LogCorruptedException if it is not as it was written
     */
    static Payload read(Storage storage, String name) throws IOException {
        Payload bytes;
        try (StorageFile file = storage.open(name)) {
            ByteBuffer content = ByteBuffer.allocate(Math.toIntExact(file.size()));
            file.read(content, 0);
            bytes = Payload.wrap(content.array());
        }
        try {
            SnapshotCodec.decode(bytes);
        } catch (IllegalArgumentException e) {
            throw new LogCorruptedException(storage, name, 0, indexIn(name), String.valueOf(e.getMessage()));
        }
        return bytes;
    }

    /** Deletes all but one. Not durably: what comes back is deleted at the next opening. */
    static void deleteAllBut(Storage storage, String kept) throws IOException {
        for (String name : names(storage)) {
            if (!name.equals(kept)) {
                storage.delete(name);
            }
        }
    }

    private static long indexIn(String name) {
        return Long.parseLong(name.substring(0, name.length() - SUFFIX.length()));
    }
}
