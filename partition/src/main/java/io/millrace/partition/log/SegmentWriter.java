package io.millrace.partition.log;

import io.millrace.partition.raft.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Writes frames to the end of the segment that grows. Frames of one append gather in a borrowed buffer: one copy of
 * each payload (the one into native memory that any write from the heap makes), and one system call for every
 * {@value BufferPool#BUFFER_BYTES} bytes.
 */
final class SegmentWriter {
    private static final int PREALLOCATE_BYTES_MIN = 64 * 1024;

    private final StorageFile file;
    private final Segment segment;
    private final byte[] header = new byte[EntryFrame.HEADER_BYTES];

    private long written;
    private long flushed;
    private long allocated;
    private long nextPreallocation = PREALLOCATE_BYTES_MIN;
    private @Nullable ByteBuffer buffer;

    /**
     * A writer at the end of a segment.
     *
     * @param allocated the size of the file: zeros, or a mark, from the segment's end on
     */
    SegmentWriter(StorageFile file, Segment segment, long allocated) {
        this.file = file;
        this.segment = segment;
        this.written = segment.end();
        this.flushed = written;
        this.allocated = allocated;
    }

    Segment segment() {
        return segment;
    }

    /** Adds a frame after all those before; {@link #flush} writes it. */
    void put(byte type, long index, long term, long durable, long nextOffset, Payload payload) throws IOException {
        ByteBuffer gathered = buffer;
        if (gathered == null) {
            gathered = BufferPool.SHARED.borrow();
            buffer = gathered;
        }
        long position = written + gathered.position();
        EntryFrame.encodeHeader(
                header, segment.header().salt(), position, type, index, term, durable, nextOffset, payload);
        put(gathered, header, 0, EntryFrame.HEADER_BYTES);
        put(gathered, payload.array(), payload.arrayOffset(), payload.sizeBytes());
    }

    private void put(ByteBuffer gathered, byte[] bytes, int offset, int length) throws IOException {
        int from = offset;
        int left = length;
        while (left > 0) {
            if (!gathered.hasRemaining()) {
                writeOut(gathered);
            }
            int piece = Math.min(left, gathered.remaining());
            gathered.put(bytes, from, piece);
            from += piece;
            left -= piece;
        }
    }

    private void writeOut(ByteBuffer gathered) throws IOException {
        int bytes = gathered.flip().remaining();
        file.write(gathered, written);
        written += bytes;
        gathered.clear();
    }

    /** Writes what was put, and zeros ahead of it if they are used up. */
    void flush(LogSettings settings) throws IOException {
        ByteBuffer gathered = buffer;
        if (gathered == null) {
            return;
        }
        writeOut(gathered);
        buffer = null;
        BufferPool.SHARED.giveBack(gathered);
        preallocate(written - flushed, settings);
        flushed = written;
    }

    /** After a failure: the buffer must not stay away. What it held is not written. */
    void abandon() {
        ByteBuffer gathered = buffer;
        buffer = null;
        if (gathered != null) {
            BufferPool.SHARED.giveBack(gathered);
        }
    }

    /**
     * A force of a file that grew has to write its metadata as well, which takes twice the time; so grow in steps
     * (measured in docs/decisions/006). Small steps first: most partitions of a large cluster hold little. Not for a
     * write that is itself as large as a step, which would only be written twice.
     */
    private void preallocate(long justWritten, LogSettings settings) throws IOException {
        long needed = written + EntryFrame.HEADER_BYTES; // room for the mark
        if (needed <= allocated) {
            return;
        }
        long step = Math.min(Math.min(nextPreallocation, settings.preallocateBytesMax()), settings.segmentBytes());
        if (step == 0 || justWritten >= settings.preallocateBytesMax()) {
            allocated = Math.max(allocated, written);
            return;
        }
        long until = written + Math.max(step, EntryFrame.HEADER_BYTES);
        zero(written, until);
        allocated = until;
        nextPreallocation = step * 2;
    }

    private void zero(long from, long until) throws IOException {
        ByteBuffer zeros = BufferPool.SHARED.borrow();
        try {
            zeros.limit((int) Math.min(zeros.capacity(), (until - from + Long.BYTES - 1) & -Long.BYTES));
            while (zeros.hasRemaining()) {
                zeros.putLong(0);
            }
            for (long at = from; at < until; ) {
                int bytes = (int) Math.min(zeros.capacity(), until - at);
                file.write(zeros.clear().limit(bytes), at);
                at += bytes;
            }
        } finally {
            BufferPool.SHARED.giveBack(zeros);
        }
    }

    void force() throws IOException {
        file.force();
    }

    /**
     * Notes behind the last frame that everything before is durable. The next frame overwrites the note and carries
     * the same news; until then it is what distinguishes a damaged last frame from a torn one. Not forced.
     */
    void mark() throws IOException {
        EntryFrame.encodeHeader(
                header,
                segment.header().salt(),
                segment.end(),
                EntryFrame.MARK,
                segment.last().index() + 1,
                segment.last().term(),
                segment.last().index(),
                segment.nextOffset(),
                Payload.EMPTY);
        file.write(ByteBuffer.wrap(header), segment.end());
    }

    /** Gives back what was preallocated, and a mark with it. The caller forces. */
    void cutAtEnd() throws IOException {
        file.truncate(segment.end());
        allocated = segment.end();
    }

    void close() throws IOException {
        abandon();
        file.close();
    }
}
