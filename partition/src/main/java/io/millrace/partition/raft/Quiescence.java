package io.millrace.partition.raft;

/**
 * Whether a member sleeps. A group in which everybody has everything, and knows it to be committed, falls silent: its leader
 * says so with a last heartbeat ({@link Message.Quiesce}), and from then on nobody sends, and nobody holds a timer. Instead of
 * the silence, which tells nothing any more, the shell's failure detector watches the nodes ({@link Input.PeerUnreachable}).
 *
 * <p>Sleep is never needed for safety: a member asleep keeps every rule of one awake. What could go wrong is that nobody gets
 * up although there is no leader. Therefore:
 *
 * <pre>
 *   the last heartbeat is lost           that member stays awake, asks for votes, and its question wakes the leader, who speaks
 *   a follower restarts                  it starts awake, with a timer: the same
 *   it has lost its disk, and no vote    it asks all the same, and gets none; the leader finds that it lacks everything
 *   the leader restarts                  it asks for votes; who sleeps under it grants them at once: it leads no more
 *   the leader dies, or is cut off       its node becomes unreachable: its followers get up and elect
 *   a follower dies, or is cut off       nothing, as long as a majority is left: if it comes back, it lacks nothing, or it asks
 *   too many of them                     their nodes become unreachable: the leader gets up, and looks whether it has a quorum
 *   unreachable only from some           those ask for votes; that wakes the others, who wait for the leader to speak first
 * </pre>
 *
 * <p>A group may fall asleep although a member lacks something whose node cannot be reached; its leader gets up when that node
 * is back. Otherwise the loss of one broker of many would keep all groups awake that it was in. (CockroachDB's quiescence and
 * TiKV's hibernation work alike.)
 */
final class Quiescence {
    private final long afterMillis;
    private boolean asleep;
    private long stirredMillis;

    Quiescence(RaftSettings settings, long nowMillis) {
        this.afterMillis = settings.quiesceAfterMillis();
        this.stirredMillis = nowMillis;
    }

    boolean isAsleep() {
        return asleep;
    }

    /** Whether nothing has happened for so long that the group may sleep. */
    boolean isDue(long nowMillis) {
        return nowMillis - stirredMillis >= afterMillis;
    }

    void fallAsleep() {
        asleep = true;
    }

    /** Something happens: awake, for some time at least. */
    void stir(long nowMillis) {
        asleep = false;
        stirredMillis = nowMillis;
    }

    /**
     * Whether a sleeping member must get up for this. Not for answers, which come late or twice and ask for nothing, not for
     * the heartbeat that sends it to sleep, and not for its own disk; and not for who is no member any more, and does not know
     * it. What the failure detector says is not for this class to judge.
     */
    static boolean wakes(Input input, boolean leads, Membership membership) {
        if (input instanceof Input.Received received) {
            Message message = received.message();
            return membership.contains(message.from())
                    && !(message instanceof Message.AppendAccepted
                            || message instanceof Message.SnapshotReceived
                            || message instanceof Message.PreVoteResponse
                            || message instanceof Message.VoteResponse
                            || message instanceof Message.LeadershipConfirmed
                            || message instanceof Message.ReadIndexResponse
                            || message instanceof Message.Quiesce);
        } else if (input instanceof Input.Learners
                || input instanceof Input.Target
                || input instanceof Input.ChangeMembership
                || input instanceof Input.TransferLeadership
                || input instanceof Input.StepAside) {
            return leads;
        }
        return !(input instanceof Input.PeerUnreachable
                || input instanceof Input.PeerReachable
                || input instanceof Input.TimePassed
                || input instanceof Input.Durable
                || input instanceof Input.Sent
                || input instanceof Input.SnapshotSent
                || input instanceof Input.Trim
                || input instanceof Input.Trimmed);
    }
}
