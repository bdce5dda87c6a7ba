package io.millrace.partition.replica;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.ReadOutcome;
import io.millrace.partition.raft.SnapshotId;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The bytes of a Raft {@link Message}: type (1 byte), from, to (4 each), term (8), then the fields in order; an entry is term
 * (8), type (1), length (4) and payload, its index following from the place.
 */
final class RaftMessageCodec {
    private static final int ENTRY_BYTES = 13;

    private RaftMessageCodec() {}

    static int sizeBound(Message message) {
        int size = 64;
        if (message instanceof Message.AppendRequest append) {
            for (Entry entry : append.entries()) {
                size += ENTRY_BYTES + entry.payload().sizeBytes();
            }
        } else if (message instanceof Message.InstallSnapshot install) {
            size += install.piece().sizeBytes();
        }
        return size;
    }

    static void write(Message message, ByteBuffer to) {
        to.put(typeOf(message));
        to.putInt(message.from().value()).putInt(message.to().value()).putLong(message.term());
        if (message instanceof Message.AppendRequest append) {
            putPosition(to, append.previous());
            to.putLong(append.commitIndex()).putInt(append.entries().size());
            for (Entry entry : append.entries()) {
                to.putLong(entry.term()).put(entry.type().code());
                ReplicaSerializer.putPayload(to, entry.payload());
            }
        } else if (message instanceof Message.LeadershipProbe probe) {
            to.putLong(probe.round());
        } else if (message instanceof Message.LeadershipConfirmed confirmed) {
            to.putLong(confirmed.round()).putLong(confirmed.incarnation());
        } else if (message instanceof Message.RebuildRequest request) {
            to.putLong(request.incarnation());
        } else if (message instanceof Message.ReadIndexRequest request) {
            to.putLong(request.readId());
        } else if (message instanceof Message.ReadIndexResponse response) {
            to.putLong(response.readId());
            putOutcome(to, response.outcome());
        } else if (message instanceof Message.Quiesce quiesce) {
            putPosition(to, quiesce.last());
        } else if (message instanceof Message.AppendAccepted accepted) {
            to.putLong(accepted.matchIndex()).putLong(accepted.incarnation());
            to.put((byte) (accepted.remembers() ? 1 : 0));
        } else if (message instanceof Message.AppendRejected rejected) {
            to.putLong(rejected.previousIndex());
            putPosition(to, rejected.hint());
            to.putLong(rejected.incarnation());
        } else if (message instanceof Message.InstallSnapshot install) {
            putSnapshotId(to, install.snapshot());
            to.putInt(install.offset());
            ReplicaSerializer.putPayload(to, install.piece());
        } else if (message instanceof Message.SnapshotReceived received) {
            putSnapshotId(to, received.snapshot());
            to.putInt(received.bytes()).putLong(received.incarnation());
        } else if (message instanceof Message.VoteRequest request) {
            putPosition(to, request.lastPosition());
            to.put((byte) (request.byTransfer() ? 1 : 0));
        } else if (message instanceof Message.PreVoteRequest request) {
            putPosition(to, request.lastPosition());
        } else if (message instanceof Message.VoteResponse response) {
            to.put((byte) (response.granted() ? 1 : 0));
        } else if (message instanceof Message.PreVoteResponse response) {
            to.put((byte) (response.granted() ? 1 : 0));
        }
    }

    private static byte typeOf(Message message) {
        if (message instanceof Message.AppendRequest) {
            return 1;
        } else if (message instanceof Message.AppendAccepted) {
            return 2;
        } else if (message instanceof Message.AppendRejected) {
            return 3;
        } else if (message instanceof Message.VoteRequest) {
            return 4;
        } else if (message instanceof Message.VoteResponse) {
            return 5;
        } else if (message instanceof Message.PreVoteRequest) {
            return 6;
        } else if (message instanceof Message.PreVoteResponse) {
            return 7;
        } else if (message instanceof Message.Quiesce) {
            return 8;
        } else if (message instanceof Message.TimeoutNow) {
            return 9;
        } else if (message instanceof Message.LeadershipProbe) {
            return 10;
        } else if (message instanceof Message.LeadershipConfirmed) {
            return 11;
        } else if (message instanceof Message.ReadIndexRequest) {
            return 12;
        } else if (message instanceof Message.ReadIndexResponse) {
            return 13;
        } else if (message instanceof Message.InstallSnapshot) {
            return 14;
        } else if (message instanceof Message.SnapshotReceived) {
            return 15;
        } else if (message instanceof Message.RebuildRequest) {
            return 16;
        }
        throw new IllegalArgumentException("no code for " + message.getClass());
    }

    static Message read(ByteBuffer from) {
        byte type = from.get();
        NodeId sender = new NodeId(from.getInt());
        NodeId to = new NodeId(from.getInt());
        long term = from.getLong();
        return switch (type) {
            case 1 -> readAppend(from, sender, to, term);
            case 2 -> new Message.AppendAccepted(sender, to, term, from.getLong(), from.getLong(), from.get() == 1);
            case 3 -> new Message.AppendRejected(sender, to, term, from.getLong(), getPosition(from), from.getLong());
            case 4 -> new Message.VoteRequest(sender, to, term, getPosition(from), from.get() == 1);
            case 5 -> new Message.VoteResponse(sender, to, term, from.get() == 1);
            case 6 -> new Message.PreVoteRequest(sender, to, term, getPosition(from));
            case 7 -> new Message.PreVoteResponse(sender, to, term, from.get() == 1);
            case 8 -> new Message.Quiesce(sender, to, term, getPosition(from));
            case 9 -> new Message.TimeoutNow(sender, to, term);
            case 10 -> new Message.LeadershipProbe(sender, to, term, from.getLong());
            case 11 -> new Message.LeadershipConfirmed(sender, to, term, from.getLong(), from.getLong());
            case 12 -> new Message.ReadIndexRequest(sender, to, term, from.getLong());
            case 13 -> new Message.ReadIndexResponse(sender, to, term, from.getLong(), getOutcome(from));
            case 14 ->
                new Message.InstallSnapshot(
                        sender, to, term, getSnapshotId(from), from.getInt(), ReplicaSerializer.getPayload(from));
            case 15 ->
                new Message.SnapshotReceived(sender, to, term, getSnapshotId(from), from.getInt(), from.getLong());
            case 16 -> new Message.RebuildRequest(sender, to, term, from.getLong());
            default -> throw new IllegalArgumentException("no Raft message has type " + type);
        };
    }

    private static Message readAppend(ByteBuffer from, NodeId sender, NodeId to, long term) {
        LogPosition previous = getPosition(from);
        long commitIndex = from.getLong();
        int count = from.getInt();
        if (count < 0 || count > from.remaining() / ENTRY_BYTES) {
            throw new IllegalArgumentException(count + " entries with " + from.remaining() + " bytes left");
        }
        List<Entry> entries = new ArrayList<>(count);
        for (int i = 1; i <= count; i++) {
            long entryTerm = from.getLong();
            EntryType entryType = EntryType.ofCode(from.get());
            entries.add(new Entry(previous.index() + i, entryTerm, entryType, ReplicaSerializer.getPayload(from)));
        }
        return new Message.AppendRequest(sender, to, term, previous, entries, commitIndex);
    }

    /** A reason's code, or 0 and the index. */
    private static void putOutcome(ByteBuffer to, ReadOutcome outcome) {
        if (outcome instanceof ReadOutcome.Refused refused) {
            to.put(refused.reason().code());
        } else if (outcome instanceof ReadOutcome.Ready ready) {
            to.put((byte) 0).putLong(ready.index());
        }
    }

    private static ReadOutcome getOutcome(ByteBuffer from) {
        byte code = from.get();
        return code == 0
                ? new ReadOutcome.Ready(from.getLong())
                : new ReadOutcome.Refused(ReadOutcome.Reason.ofCode(code));
    }

    private static void putSnapshotId(ByteBuffer to, SnapshotId id) {
        putPosition(to, id.position());
        to.putInt(id.sizeBytes()).putInt(id.crc());
    }

    private static SnapshotId getSnapshotId(ByteBuffer from) {
        return new SnapshotId(getPosition(from), from.getInt(), from.getInt());
    }

    private static void putPosition(ByteBuffer to, LogPosition position) {
        to.putLong(position.index()).putLong(position.term());
    }

    private static LogPosition getPosition(ByteBuffer from) {
        return new LogPosition(from.getLong(), from.getLong());
    }
}
