package io.millrace.partition.log;

import java.io.IOException;
import java.util.Optional;

/**
 * The intention to take away entries that were durable, from an index on. Without it a crash in the middle could look
 * like damage: a file system zeroes the end of a block that it cuts, and may have written that but not yet the new size,
 * so that zeros are followed by old frames which say that there was a durable entry here.
 */
record LogTruncation(long index) {
    private static final String FILE = "truncate.intent";

    static Optional<LogTruncation> interrupted(Storage storage) throws IOException {
        return IntentFile.read(storage, FILE, 1).map(values -> new LogTruncation(values[0]));
    }

    void makeDurable(Storage storage) throws IOException {
        IntentFile.write(storage, FILE, index);
    }

    /**
     * Removes the segments that begin after the entry, and the index of the one that
     * has it: an index that describes more than there is must not come back after new frames were written.
     */
    void removeFiles(Storage storage) throws IOException {
        String shortened = "";
        for (String name : storage.list().stream().sorted().toList()) {
            if (!SegmentHeader.isFileName(name)) {
                continue;
            }
            if (name.compareTo(SegmentHeader.fileName(index)) <= 0) {
                shortened = name;
            } else {
                storage.delete(name);
                storage.delete(SegmentIndex.besides(name));
            }
        }
        if (!shortened.isEmpty()) {
            storage.delete(SegmentIndex.besides(shortened));
        }
        storage.syncDirectory();
    }

    /** After the segment that has the entry was cut durably. */
    static void end(Storage storage) throws IOException {
        IntentFile.remove(storage, FILE);
    }
}
