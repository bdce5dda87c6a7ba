package io.millrace.partition.log;

import io.millrace.partition.raft.Configuration;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.StateMachine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

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

    static final Configuration FOUNDING = Configuration.founding(Membership.ofVoters(Set.of(new NodeId(1))));

    /** Drops whole segments, of those that end before an entry. */
    static void trim(SegmentedLog log, long firstKept) throws IOException {
        LogPosition position = log.trimmableTo(firstKept - 1);
        if (position.index() > log.start().index()) {
            log.trimPrefix(SnapshotFold.of(log, position, FOUNDING, new Everything()));
        }
    }

    /** What stands for these entries, which a log begins with. */
    static Snapshot snapshotOf(List<Entry> entries) {
        Everything state = new Everything();
        long nextOffset = 0;
        for (Entry entry : entries) {
            state.apply(entry);
            nextOffset = nextOffset(entry, nextOffset);
        }
        LogPosition last = entries.get(entries.size() - 1).position();
        return new Snapshot(last, nextOffset, FOUNDING, state.snapshot());
    }

    /** A state in which every entry leaves a trace. */
    private static final class Everything implements StateMachine {
        private long lastIndex;
        private long hash;

        @Override
        public void apply(Entry entry) {
            if (entry.index() != lastIndex + 1) {
                throw new IllegalStateException(entry + " after " + lastIndex);
            }
            lastIndex = entry.index();
            hash = (31 * hash + entry.term()) * 31 + entry.payload().hashCode();
        }

        @Override
        public Payload snapshot() {
            return Payload.wrap(
                    ByteBuffer.allocate(16).putLong(lastIndex).putLong(hash).array());
        }

        @Override
        public void restore(Payload snapshot) {
            ByteBuffer bytes = ByteBuffer.wrap(snapshot.toByteArray());
            lastIndex = bytes.getLong();
            hash = bytes.getLong();
        }
    }

    /** The settings of segments and salts that make a run repeatable. */
    static SegmentedLog open(Storage storage) throws IOException {
        return open(storage, SMALL);
    }

    static SegmentedLog open(Storage storage, LogSettings settings) throws IOException {
        return SegmentedLog.open(storage, settings, OffsetReader.recordBatches(), new Random(42)::nextLong);
    }
}
