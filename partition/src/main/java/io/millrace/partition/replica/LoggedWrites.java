package io.millrace.partition.replica;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.state.Digest;
import io.millrace.partition.state.LogTime;
import io.millrace.partition.state.WriteHistory.Logged;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import java.util.ArrayList;
import java.util.List;

/** What entries say of what was written, and by whom. */
final class LoggedWrites {
    private LoggedWrites() {}

    /** Of entries whose batches have their offsets. */
    static List<Logged> in(List<Entry> entries) {
        List<Logged> found = new ArrayList<>();
        for (Entry entry : entries) {
            if (entry.type() == EntryType.DATA) {
                found.add(records(entry));
            } else if (entry.type() == EntryType.DIGEST) {
                found.add(new Logged.Digested(
                        entry.index(),
                        entry.term(),
                        Digest.fromBytes(entry.payload().toByteArray())));
            } else if (entry.type() == EntryType.TIME) {
                found.add(new Logged.Timed(
                        entry.index(), LogTime.fromBytes(entry.payload().toByteArray())));
            }
        }
        return found;
    }

    private static Logged.Records records(Entry entry) {
        List<Digest.Numbered> numbered = new ArrayList<>(0);
        Payload batches = entry.payload();
        long baseOffset = -1;
        int count = 0;
        for (RecordBatch batch :
                RecordBatches.iterate(Bytes.wrap(batches.array(), batches.arrayOffset(), batches.sizeBytes()))) {
            baseOffset = baseOffset < 0 ? batch.baseOffset() : baseOffset;
            count += batch.recordCount();
            if (batch.hasProducer()) {
                numbered.add(new Digest.Numbered(ProducerBatches.describe(batch), batch.baseOffset(), 0));
            }
        }
        return new Logged.Records(entry.index(), entry.term(), baseOffset, count, numbered);
    }
}
