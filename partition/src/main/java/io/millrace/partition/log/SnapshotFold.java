package io.millrace.partition.log;

import io.millrace.partition.raft.Configuration;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.MembershipCodec;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.SnapshotCodec;
import io.millrace.partition.raft.StateMachine;
import java.io.IOException;
import java.util.List;

/**
 * Makes the snapshot of a later position out of the one at a log's start and the entries between: what is to stand for the
 * entries before the log may lose them. It depends on nothing else, so members that trim at the same position have the same.
 */
public final class SnapshotFold {
    private static final int READ_BYTES = 1 << 20;

    private SnapshotFold() {}

    /**
     * Reads the log, and blocks meanwhile; the log may be written to.
     *
     * @param position of an entry that is committed
     * @param founding in effect at the start of a log that was never trimmed
     * @param stateMachine a fresh one, used up by this
     * @throws EntriesUnavailableException if the log does not have the position, or was trimmed or reset meanwhile
     * @throws LogCorruptedException if what is on disk is not what was written
     */
    public static Snapshot of(SegmentedLog log, LogPosition position, Configuration founding, StateMachine stateMachine)
            throws IOException {
        Configuration configuration = founding;
        LogPosition at = log.start();
        if (at.index() > 0) {
            Snapshot start = SnapshotCodec.decode(log.encodedSnapshot(at));
            stateMachine.restore(start.state());
            configuration = start.configuration();
        }
        while (at.index() < position.index()) {
            List<Entry> entries = log.read(at.index() + 1, position.index(), READ_BYTES);
            for (Entry entry : entries) {
                stateMachine.apply(entry);
                if (entry.type() == EntryType.CONFIGURATION) {
                    configuration = new Configuration(entry.position(), MembershipCodec.decode(entry.payload()));
                }
                at = entry.position();
            }
            if (entries.isEmpty()) {
                break;
            }
        }
        if (!at.equals(position)) {
            throw new EntriesUnavailableException("The log has no entry at " + position + ", but " + at);
        }
        Snapshot folded =
                new Snapshot(position, log.nextOffsetAt(position.index()), configuration, stateMachine.snapshot());
        long sizeBytes = folded.state().sizeBytes();
        if (sizeBytes > Snapshot.STATE_BYTES_MAX) {
            throw new IOException("the state at " + position + " has " + sizeBytes + " bytes, more than "
                    + Snapshot.STATE_BYTES_MAX + " cannot be sent to who needs it: the log is not trimmed");
        }
        return folded;
    }
}
