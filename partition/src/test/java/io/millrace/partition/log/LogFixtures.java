package io.millrace.partition.log;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Entries to put into logs. */
final class LogFixtures {
    static final LogSettings SMALL = new LogSettings(2_000, 200, 1_024);

    private LogFixtures() {}

    /** A record batch as far as the log looks: header, then bytes that the index and the term decide. */
    static byte[] batch(long baseOffset, int records, long maxTimestamp, int bodyBytes, long seed) {
        ByteBuffer bytes = ByteBuffer.allocate(61 + bodyBytes);
        bytes.putLong(0, baseOffset)
                .putInt(8, 49 + bodyBytes)
                .put(16, (byte) 2)
                .putInt(23, records - 1)
                .putLong(35, maxTimestamp);
        byte[] body = new byte[bodyBytes];
        new Random(seed).nextBytes(body);
        bytes.put(61, body);
        return bytes.array();
    }

    static Entry data(long index, long term, long baseOffset, int records, int bodyBytes) {
        byte[] batch = batch(baseOffset, records, 1_000 * index, bodyBytes, index * 31 + term);
        return new Entry(index, term, EntryType.DATA, Payload.wrap(batch));
    }

    static Entry noop(long index, long term) {
        return new Entry(index, term, EntryType.NOOP, Payload.EMPTY);
    }

    static long nextOffset(Entry entry, long before) {
        return entry.type() == EntryType.DATA
                ? OffsetReader.recordBatches().nextOffset(entry.payload(), before)
                : before;
    }

    /** Entries that follow {@code log}: each of one to three records. */
    static List<Entry> following(List<Entry> log, int count, long term, int bodyBytes) {
        long offset = 0;
        for (Entry entry : log) {
            offset = nextOffset(entry, offset);
        }
        List<Entry> entries = new ArrayList<>();
        long index = log.size() + 1L;
        for (int i = 0; i < count; i++, index++) {
            Entry entry = (index + term) % 7 == 0
                    ? noop(index, term)
                    : data(index, term, offset, (int) (1 + index % 3), bodyBytes);
            offset = nextOffset(entry, offset);
            entries.add(entry);
        }
        return entries;
    }

    /** The settings of segments and salts that make a run repeatable. */
    static SegmentedLog open(Storage storage) throws java.io.IOException {
        return open(storage, SMALL);
    }

    static SegmentedLog open(Storage storage, LogSettings settings) throws java.io.IOException {
        return SegmentedLog.open(storage, settings, OffsetReader.recordBatches(), new Random(42)::nextLong);
    }
}
