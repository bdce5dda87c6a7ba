package io.millrace.partition.journal;

import java.io.IOException;

/**
 * What must be free on its disk before the journal is opened or written. LevelDB writes into files that it maps to memory, and rewrites a few
 * MiB now and then; if there is no room for a page then, the kernel does not refuse a write but ends the process (SIGBUS).
 */
public final class JournalRoom {
    public static final long BYTES_MIN = 16L << 20;

    private JournalRoom() {}

    /** @throws IOException in the words of a write that finds no room */
    static void check(long freeBytes) throws IOException {
        if (freeBytes < BYTES_MIN) {
            throw new IOException("No space left on device: " + freeBytes
                    + " bytes are free, and the journal is not written with" + " less than " + BYTES_MIN);
        }
    }
}
