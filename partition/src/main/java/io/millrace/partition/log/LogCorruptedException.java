package io.millrace.partition.log;

import java.io.IOException;

/**
 * Something that had been durable is damaged: what this replica acknowledged there is gone. A log that cannot be opened for
 * that is of no use; one that was opened goes on with the rest until its group can do without it (decision 011).
 */
public final class LogCorruptedException extends IOException {
    private static final long serialVersionUID = 1;

    private final String file;
    private final long position;
    private final long index;

    LogCorruptedException(Storage storage, String file, long position, long index, String damage) {
        super("The log in " + storage + " is damaged: " + file + " at byte " + position + ", entry " + index + ": "
                + damage + ". This was durable before, so it is not what a crash leaves behind; look at the disk.");
        this.file = file;
        this.position = position;
        this.index = index;
    }

    public String file() {
        return file;
    }

    /** Where in the file, in bytes. */
    public long position() {
        return position;
    }

    /** The entry that is expected there. */
    public long index() {
        return index;
    }
}
