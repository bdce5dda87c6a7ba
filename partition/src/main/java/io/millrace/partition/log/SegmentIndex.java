package io.millrace.partition.log;

import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.TermStart;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * What an {@code .index} file says about the frames of a segment up to {@code end}, all of which were durable when it
 * was written. The file is written in one piece and never changed; whether it is whole, a checksum tells; whether it
 * belongs to the segment, the salt.
 */
record SegmentIndex(
        long salt,
        long end,
        LogPosition last,
        long nextOffset,
        long maxTimestamp,
        List<TermStart> termStarts,
        SparseIndex sparse) {
    private static final int MAGIC = 0x4D4C_4958; // MLIX
    private static final int VERSION = 1;
    private static final int FIXED_BYTES = 4 + 4 + 6 * Long.BYTES + 4 + 4;
    private static final int TERM_BYTES = 2 * Long.BYTES;
    private static final int SLOT_BYTES = SparseIndex.SLOT_LONGS * Long.BYTES;

    private static final String SUFFIX = ".index";

    static String fileName(long firstIndex) {
        return SegmentHeader.digits(firstIndex) + SUFFIX;
    }

    /** The name of the index of a segment. */
    static String besides(String segmentFileName) {
        return segmentFileName.substring(0, segmentFileName.indexOf('.')) + SUFFIX;
    }

    static boolean isFileName(String name) {
        return name.endsWith(SUFFIX);
    }

    /** Not forced: a torn file is found out, and made again. */
    void write(Storage storage, long firstIndex) throws IOException {
        int slots = sparse.count();
        int size = FIXED_BYTES + termStarts.size() * TERM_BYTES + slots * SLOT_BYTES + Integer.BYTES;
        ByteBuffer bytes = ByteBuffer.allocate(size);
        bytes.putInt(MAGIC).putInt(VERSION).putLong(salt).putLong(end);
        bytes.putLong(last.index()).putLong(last.term());
        bytes.putLong(nextOffset).putLong(maxTimestamp);
        bytes.putInt(termStarts.size()).putInt(slots);
        for (TermStart start : termStarts) {
            bytes.putLong(start.term()).putLong(start.firstIndex());
        }
        for (int i = 0; i < slots; i++) {
            SparseIndex.Slot slot = sparse.slot(i);
            bytes.putLong(slot.index()).putLong(slot.offsetBefore());
            bytes.putLong(slot.maxTimestampBefore()).putLong(slot.position());
        }
        CRC32C crc = new CRC32C();
        crc.update(bytes.array(), 0, bytes.position());
        bytes.putInt((int) crc.getValue());
        String name = fileName(firstIndex);
        storage.delete(name);
        try (StorageFile file = storage.create(name)) {
            file.write(bytes.flip(), 0);
        }
    }

    /** The index of a segment, or null if there is none that is whole and belongs to it. */
    static @Nullable SegmentIndex read(Storage storage, SegmentHeader header) throws IOException {
        byte[] array;
        try (StorageFile file = storage.open(fileName(header.firstIndex()))) {
            long size = file.size();
            if (size < FIXED_BYTES + Integer.BYTES || size > Integer.MAX_VALUE) {
                return null;
            }
            array = new byte[(int) size];
            if (file.read(ByteBuffer.wrap(array), 0) < array.length) {
                return null;
            }
        } catch (NoSuchFileException missing) {
            return null;
        }
        ByteBuffer bytes = ByteBuffer.wrap(array);
        CRC32C crc = new CRC32C();
        crc.update(array, 0, array.length - Integer.BYTES);
        if (bytes.getInt(array.length - Integer.BYTES) != (int) crc.getValue()
                || bytes.getInt() != MAGIC
                || bytes.getInt() != VERSION
                || bytes.getLong() != header.salt()) {
            return null;
        }
        long end = bytes.getLong();
        LogPosition last = new LogPosition(bytes.getLong(), bytes.getLong());
        long nextOffset = bytes.getLong();
        long maxTimestamp = bytes.getLong();
        int terms = bytes.getInt();
        int slots = bytes.getInt();
        if (array.length != FIXED_BYTES + (long) terms * TERM_BYTES + (long) slots * SLOT_BYTES + Integer.BYTES) {
            return null;
        }
        List<TermStart> termStarts = new ArrayList<>(terms);
        for (int i = 0; i < terms; i++) {
            termStarts.add(new TermStart(bytes.getLong(), bytes.getLong()));
        }
        SparseIndex sparse = new SparseIndex();
        for (int i = 0; i < slots; i++) {
            sparse.add(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
        }
        return new SegmentIndex(header.salt(), end, last, nextOffset, maxTimestamp, termStarts, sparse);
    }
}
