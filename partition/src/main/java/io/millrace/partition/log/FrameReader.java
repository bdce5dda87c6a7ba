package io.millrace.partition.log;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Goes through the frames of a segment one after another. For each: {@link #header()}, then, unless it is skipped
 * unread, {@link #body()}, then {@link #advance()}. Payloads are windows on the arrays read, which are never reused.
 */
final class FrameReader {
    private final StorageFile file;
    private final long salt;
    private final long limit;
    private final int chunkBytes;

    private byte[] window = new byte[0];
    private ByteBuffer view = ByteBuffer.wrap(window);
    private long windowStart;
    private int windowBytes;

    private long position;
    private long index;
    private int at;
    private int payloadBytes;
    private String problem = "";

    /**
     * A reader of the frames from {@code position}, where the one of entry {@code index} is expected.
     *
     * @param limit nothing at or after this position is looked at
     * @param chunkBytes how much is read at once
     */
    FrameReader(StorageFile file, SegmentHeader header, long position, long index, long limit, int chunkBytes) {
        this.file = file;
        this.salt = header.salt();
        this.position = position;
        this.index = index;
        this.limit = limit;
        this.chunkBytes = chunkBytes;
    }

    boolean atEnd() {
        return position >= limit;
    }

    /** Whether something that may be the expected frame, or a mark, begins here. Its fields are to be had then. */
    boolean header() throws IOException {
        if (!load(EntryFrame.HEADER_BYTES)) {
            return bad("the file ends within the header of a frame");
        }
        payloadBytes = view.getInt(at + EntryFrame.LENGTH);
        long foundIndex = view.getLong(at + EntryFrame.INDEX);
        byte type = view.get(at + EntryFrame.TYPE);
        if (foundIndex != index) {
            return bad("a frame with index " + foundIndex);
        }
        if (type < EntryFrame.MARK || type > EntryType.codeMax()) {
            return bad("a frame of the unknown type " + type);
        }
        if (payloadBytes < 0 || payloadBytes > limit - position - EntryFrame.HEADER_BYTES) {
            return bad("a frame of length " + payloadBytes + " which does not fit into the file");
        }
        return true;
    }

    /** Whether the whole frame is there and its checksum holds. */
    boolean body() throws IOException {
        if (!load(EntryFrame.HEADER_BYTES + payloadBytes)) {
            return bad("the file ends within a frame");
        }
        if (!EntryFrame.checksumHolds(window, at, payloadBytes, salt, position)) {
            return bad("the checksum of the frame does not hold");
        }
        return true;
    }

    void advance() {
        position += EntryFrame.HEADER_BYTES + (long) payloadBytes;
        index++;
    }

    private boolean bad(String what) {
        problem = what;
        return false;
    }

    private boolean load(int bytes) throws IOException {
        if (position < windowStart || position + bytes > windowStart + windowBytes) {
            if (position + bytes > limit) {
                return false;
            }
            window = new byte[(int) Math.min(Math.max(bytes, chunkBytes), limit - position)];
            view = ByteBuffer.wrap(window);
            windowStart = position;
            windowBytes = file.read(view.duplicate(), position);
        }
        at = (int) (position - windowStart);
        return bytes <= windowBytes - at;
    }

    long position() {
        return position;
    }

    long index() {
        return index;
    }

    String problem() {
        return problem;
    }

    boolean isMark() {
        return view.get(at + EntryFrame.TYPE) == EntryFrame.MARK;
    }

    long term() {
        return view.getLong(at + EntryFrame.TERM);
    }

    long durableIndex() {
        return view.getLong(at + EntryFrame.DURABLE);
    }

    long nextOffset() {
        return view.getLong(at + EntryFrame.NEXT_OFFSET);
    }

    int payloadBytes() {
        return payloadBytes;
    }

    int frameBytes() {
        return EntryFrame.HEADER_BYTES + payloadBytes;
    }

    /** Only after {@link #body()}. */
    Payload payload() {
        return Payload.wrap(window, at + EntryFrame.HEADER_BYTES, payloadBytes);
    }

    /** Only after {@link #body()}, and not of a mark. */
    Entry entry() {
        return new Entry(index, term(), EntryType.ofCode(view.get(at + EntryFrame.TYPE)), payload());
    }

    /** The latest timestamp of the entry; only after {@link #body()}. */
    long maxTimestamp(OffsetReader offsets) {
        return view.get(at + EntryFrame.TYPE) == EntryType.DATA.code()
                ? offsets.maxTimestamp(payload())
                : OffsetReader.NO_TIMESTAMP;
    }
}
