package io.millrace.partition.raft;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Puts the pieces of a snapshot together, in order, in memory. Of one snapshot at a time: the first piece of another one
 * takes its place. What is there stays there when the leader changes, and is lost in a crash.
 */
final class SnapshotAssembly {
    private @Nullable SnapshotId id;
    private byte[] bytes = new byte[0];
    private int have;

    /**
     * Takes a piece, if it is the next one. A snapshot that is too large, or not what its checksum says, is not begun, or
     * begun anew.
     *
     * @return the whole, once it is there
     */
    Optional<Snapshot> add(SnapshotId of, int offset, Payload piece) {
        if (of.sizeBytes() > Snapshot.BYTES_MAX) {
            return Optional.empty();
        }
        if (!of.equals(id)) {
            begin(of);
        }
        if (offset != have || piece.sizeBytes() > of.sizeBytes() - have) {
            return Optional.empty();
        }
        if (have + piece.sizeBytes()
                > bytes.length) { // grows with what comes: a size that was only announced takes no room
            bytes = Arrays.copyOf(bytes, Math.min(of.sizeBytes(), 2 * (have + piece.sizeBytes())));
        }
        System.arraycopy(piece.array(), piece.arrayOffset(), bytes, have, piece.sizeBytes());
        have += piece.sizeBytes();
        return have == of.sizeBytes() ? whole(of) : Optional.empty();
    }

    /** So much of this snapshot is there. */
    int have(SnapshotId of) {
        return of.equals(id) ? have : 0;
    }

    void clear() {
        id = null;
        bytes = new byte[0];
        have = 0;
    }

    private void begin(SnapshotId of) {
        clear();
        id = of;
    }

    private Optional<Snapshot> whole(SnapshotId of) {
        Payload encoded = Payload.wrap(bytes, 0, have);
        try {
            Snapshot snapshot = SnapshotCodec.decode(encoded);
            if (SnapshotCodec.idOf(encoded).equals(of)) {
                return Optional.of(snapshot);
            }
        } catch (IllegalArgumentException damagedOnItsWay) {
            // as if nothing had come
        }
        begin(of);
        return Optional.empty();
    }
}
