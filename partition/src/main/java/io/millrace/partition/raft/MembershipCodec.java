package io.millrace.partition.raft;

import io.millrace.partition.raft.Membership.Member;
import io.millrace.partition.raft.Membership.Standing;
import java.util.TreeMap;

/**
 * The bytes of a {@link Membership} in a {@link EntryType#CONFIGURATION} entry, and wherever else it must last: version (1
 * byte), number of members (4), then for each, rising, its id (4), standing (1: voter, 2: learner, 3: returning) and
 * incarnation (8). Big endian.
 */
public final class MembershipCodec {
    private static final byte VERSION = 1;
    private static final int HEAD_BYTES = 5;
    private static final int MEMBER_BYTES = 13;

    private MembershipCodec() {}

    public static Payload encode(Membership membership) {
        byte[] bytes = new byte[HEAD_BYTES + MEMBER_BYTES * membership.members().size()];
        bytes[0] = VERSION;
        put(bytes, 1, 4, membership.members().size());
        int at = HEAD_BYTES;
        for (var member : membership.members().entrySet()) {
            put(bytes, at, 4, member.getKey().value());
            bytes[at + 4] = codeOf(member.getValue().standing());
            put(bytes, at + 5, 8, member.getValue().incarnation());
            at += MEMBER_BYTES;
        }
        return Payload.wrap(bytes);
    }

    /**
     * @throws IllegalArgumentException if these are not the bytes of a membership
     */
    public static Membership decode(Payload payload) {
        byte[] bytes = payload.toByteArray();
        if (bytes.length < HEAD_BYTES || bytes[0] != VERSION) {
            throw new IllegalArgumentException("not a configuration of version " + VERSION + ": " + payload);
        }
        long count = get(bytes, 1, 4);
        if (bytes.length != HEAD_BYTES + count * MEMBER_BYTES) {
            throw new IllegalArgumentException(count + " members in " + payload);
        }
        TreeMap<NodeId, Member> members = new TreeMap<>();
        for (int at = HEAD_BYTES; at < bytes.length; at += MEMBER_BYTES) {
            NodeId node = new NodeId((int) get(bytes, at, 4));
            members.put(node, new Member(standingOf(bytes[at + 4]), get(bytes, at + 5, 8)));
        }
        return new Membership(members);
    }

    private static byte codeOf(Standing standing) {
        return switch (standing) {
            case VOTER -> 1;
            case LEARNER -> 2;
            case RETURNING -> 3;
        };
    }

    private static Standing standingOf(byte code) {
        return switch (code) {
            case 1 -> Standing.VOTER;
            case 2 -> Standing.LEARNER;
            case 3 -> Standing.RETURNING;
            default -> throw new IllegalArgumentException("no standing has code " + code);
        };
    }

    private static void put(byte[] bytes, int at, int length, long value) {
        for (int i = 0; i < length; i++) {
            bytes[at + i] = (byte) (value >>> (8 * (length - 1 - i)));
        }
    }

    private static long get(byte[] bytes, int at, int length) {
        long value = 0;
        for (int i = 0; i < length; i++) {
            value = value << 8 | (bytes[at + i] & 0xFF);
        }
        return value;
    }
}
