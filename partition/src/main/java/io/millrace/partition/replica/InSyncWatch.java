package io.millrace.partition.replica;

import io.millrace.partition.raft.RaftCore;
import java.util.Optional;

/** Looks, once a second, which members of a group have what its leader knew to be committed a second before. */
final class InSyncWatch {
    private static final long LOOK_EVERY_MILLIS = 1_000;

    /** As it was told. */
    private RaftEvent.MembersInSync told = new RaftEvent.MembersInSync(0, 0);

    private long committedAtLastLook;
    private long lookAgainMillis = Long.MIN_VALUE;

    /** What is to be told now. Before a group falls asleep, when there is no deadline any more, it looks for the last time. */
    Optional<RaftEvent.MembersInSync> look(RaftCore core, long nowMillis) {
        if (nowMillis < lookAgainMillis && !core.isAsleep()) {
            return Optional.empty();
        }
        var found = new RaftEvent.MembersInSync(
                core.votersWith(committedAtLastLook), core.membersWithout(committedAtLastLook));
        committedAtLastLook = core.isLeaderIn(core.term()) ? core.commitIndex() : 0;
        lookAgainMillis = nowMillis + LOOK_EVERY_MILLIS;
        if (found.equals(told)) {
            return Optional.empty();
        }
        told = found;
        return Optional.of(found);
    }

    /** It leads from now on: what it knew as a follower does not count. */
    void restart() {
        committedAtLastLook = 0;
        lookAgainMillis = Long.MIN_VALUE;
    }
}
