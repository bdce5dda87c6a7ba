package io.millrace.partition.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * An open file. Written bytes may be lost in a crash, in any part and any order, until {@link #force()} returned; a
 * 512-byte sector is either written or not. Safe for concurrent readers beside one writer.
 */
public interface StorageFile extends Closeable {
    /**
     * Reads from {@code position} until the buffer is full or the file ends.
     *
     * @return how many bytes were read, 0 at or after the end of the file
     */
    int read(ByteBuffer target, long position) throws IOException;

    /** Writes all remaining bytes at {@code position}; the file grows as needed. */
    void write(ByteBuffer source, long position) throws IOException;

    /** Makes content and size durable (fdatasync). After a failure nothing is known about either. */
    void force() throws IOException;

    /** Cuts the file at {@code sizeBytes}; does nothing if it is not longer. */
    void truncate(long sizeBytes) throws IOException;

    long size() throws IOException;
}
