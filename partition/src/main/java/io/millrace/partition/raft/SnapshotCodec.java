package io.millrace.partition.raft;

import java.util.zip.CRC32C;

/**
 * The bytes of a {@link Snapshot}, on disk and on the wire. Disks hold them: a change of it is a new version.
 *
 * <pre>
 *  magic, 4: MLSN │ version, 2: 1 │ index, 8 │ term, 8 │ next offset, 8
 *  │ configuration: index, 8 │ term, 8 │ length, 4 │ {@link MembershipCodec} │ state │ CRC32C of all before, 4
 * </pre>
 *
 * Big endian.
 */
public final class SnapshotCodec {
    private static final int MAGIC = 0x4D4C_534E; // MLSN
    private static final int VERSION = 1;
    private static final int POSITION_AT = 6;
    private static final int HEAD_BYTES = POSITION_AT + 8 + 8 + 8 + 8 + 8 + 4;
    private static final int CRC_BYTES = 4;

    private SnapshotCodec() {}

    public static Payload encode(Snapshot snapshot) {
        Payload membership = MembershipCodec.encode(snapshot.configuration().membership());
        Payload state = snapshot.state();
        Writer to =
                new Writer(Math.toIntExact((long) HEAD_BYTES + membership.sizeBytes() + state.sizeBytes() + CRC_BYTES));
        to.put(MAGIC, 4);
        to.put(VERSION, 2);
        to.put(snapshot.position());
        to.put(snapshot.nextOffset(), 8);
        to.put(snapshot.configuration().position());
        to.put(membership.sizeBytes(), 4);
        to.put(membership);
        to.put(state);
        to.put(crcOf(to.bytes), CRC_BYTES);
        return Payload.wrap(to.bytes);
    }

    /**
     * @throws IllegalArgumentException if these are not the bytes of a snapshot, unchanged
     */
    public static Snapshot decode(Payload encoded) {
        byte[] bytes = encoded.toByteArray();
        if (bytes.length < HEAD_BYTES + CRC_BYTES || get(bytes, 0, 4) != MAGIC) {
            throw new IllegalArgumentException("not a snapshot: " + encoded);
        }
        if ((int) get(bytes, bytes.length - CRC_BYTES, CRC_BYTES) != crcOf(bytes)) {
            throw new IllegalArgumentException("a snapshot with a wrong checksum: " + encoded);
        }
        if (get(bytes, 4, 2) != VERSION) {
            throw new IllegalArgumentException(
                    "a snapshot of version " + get(bytes, 4, 2) + "; known here: " + VERSION);
        }
        long membershipBytes = get(bytes, HEAD_BYTES - 4, 4);
        long stateBytes = bytes.length - CRC_BYTES - HEAD_BYTES - membershipBytes;
        if (stateBytes < 0) {
            throw new IllegalArgumentException("a snapshot with members of " + membershipBytes + " bytes: " + encoded);
        }
        Membership membership = MembershipCodec.decode(Payload.wrap(bytes, HEAD_BYTES, (int) membershipBytes));
        return new Snapshot(
                positionAt(bytes, POSITION_AT),
                get(bytes, POSITION_AT + 16, 8),
                new Configuration(positionAt(bytes, POSITION_AT + 24), membership),
                Payload.wrap(bytes, HEAD_BYTES + (int) membershipBytes, (int) stateBytes));
    }

    /** Of what {@link #encode} made. */
    public static SnapshotId idOf(Payload encoded) {
        byte[] head = encoded.slice(0, HEAD_BYTES).toByteArray();
        byte[] crc = encoded.slice(encoded.sizeBytes() - CRC_BYTES, CRC_BYTES).toByteArray();
        return new SnapshotId(positionAt(head, POSITION_AT), encoded.sizeBytes(), (int) get(crc, 0, CRC_BYTES));
    }

    private static LogPosition positionAt(byte[] bytes, int at) {
        return new LogPosition(get(bytes, at, 8), get(bytes, at + 8, 8));
    }

    /** Shorter numbers come without a sign. */
    private static long get(byte[] bytes, int at, int length) {
        long value = 0;
        for (int i = 0; i < length; i++) {
            value = value << 8 | (bytes[at + i] & 0xFF);
        }
        return value;
    }

    private static int crcOf(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length - CRC_BYTES);
        return (int) crc.getValue();
    }

    private static final class Writer {
        final byte[] bytes;
        private int at;

        Writer(int size) {
            bytes = new byte[size];
        }

        void put(long value, int length) {
            for (int shift = (length - 1) * 8; shift >= 0; shift -= 8) {
                bytes[at++] = (byte) (value >>> shift);
            }
        }

        void put(LogPosition position) {
            put(position.index(), 8);
            put(position.term(), 8);
        }

        void put(Payload payload) {
            System.arraycopy(payload.array(), payload.arrayOffset(), bytes, at, payload.sizeBytes());
            at += payload.sizeBytes();
        }
    }
}
