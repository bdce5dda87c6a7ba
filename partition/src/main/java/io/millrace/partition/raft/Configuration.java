package io.millrace.partition.raft;

/**
 * A membership and the entry that says so (§4.1). It is in effect from when that entry is appended, committed or not, until
 * the next one is, or this one is cut off.
 *
 * @param position of the entry; {@link LogPosition#ZERO} for the membership that the group was founded with
 */
public record Configuration(LogPosition position, Membership membership) {
    /** Of a group that has changed nothing yet. */
    public static Configuration founding(Membership membership) {
        return new Configuration(LogPosition.ZERO, membership);
    }

    long index() {
        return position.index();
    }
}
