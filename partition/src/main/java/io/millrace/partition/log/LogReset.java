package io.millrace.partition.log;

import io.millrace.partition.raft.LogPosition;
import java.io.IOException;
import java.util.Optional;

/** The intention to drop all entries and begin anew at a position. */
record LogReset(LogPosition start, long nextOffset) {
    private static final String FILE = "reset.intent";

    static Optional<LogReset> interrupted(Storage storage) throws IOException {
        return IntentFile.read(storage, FILE, 3)
                .map(values -> new LogReset(new LogPosition(values[0], values[1]), values[2]));
    }

    void makeDurable(Storage storage) throws IOException {
        IntentFile.write(storage, FILE, start.index(), start.term(), nextOffset);
    }

    /** Removes the segments, also those that an interrupted attempt left. */
    static void removeFiles(Storage storage) throws IOException {
        for (String name : storage.list()) {
            if (SegmentHeader.isFileName(name) || SegmentIndex.isFileName(name)) {
                storage.delete(name);
            }
        }
        storage.syncDirectory();
    }

    /** After the new segment, if there is to be one, is durable. */
    static void end(Storage storage) throws IOException {
        IntentFile.remove(storage, FILE);
    }
}
