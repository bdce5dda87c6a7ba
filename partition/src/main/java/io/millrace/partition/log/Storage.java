package io.millrace.partition.log;

import java.io.IOException;
import java.util.List;

/**
 * The directory of one log. The seam behind which tests put disks that lose, tear, flip and fail.
 *
 * <p>What an implementation promises is what a POSIX file system promises, and no more: a file that was created or
 * deleted may be back as it was after a crash unless {@link #syncDirectory()} returned in between. Implementations are
 * safe for use by many threads.
 */
public interface Storage {
    /** The names of the files, in no particular order. */
    List<String> list() throws IOException;

    /**
     * A new, empty file.
     *
     * @throws java.nio.file.FileAlreadyExistsException if the name is taken
     */
    StorageFile create(String name) throws IOException;

    /**
     * An existing file, for reading and writing. The same file may be open more than once.
     *
     * @throws java.nio.file.NoSuchFileException if there is none
     */
    StorageFile open(String name) throws IOException;

    /** Deletes a file; nothing happens if there is none. Whoever has it open can still read it. */
    void delete(String name) throws IOException;

    /** Makes all creations and deletions so far durable. */
    void syncDirectory() throws IOException;

    /** Removes the directory itself, which must be empty. */
    void deleteDirectory() throws IOException;
}
