package io.millrace.partition.raft;

/**
 * A leader hands over to a member of its choice (§3.10). It takes no more proposals, brings the target up to date, and then
 * tells it to stand for election at once ({@link Message.TimeoutNow}); the target asks without a pre-vote, and those who
 * hear a leader vote for it nevertheless. If none of that has come true after an election timeout, the leader goes on as if nothing had
 * been. That is safe at any point: a target that was told and is late is a candidate like any other.
 *
 * <p>A leader that has said {@code TimeoutNow} can rely on nobody's patience any more in its term: a lease is over with it.
 */
record Transfer(NodeId target, long untilMillis) {

    static Transfer begun(NodeId target, long nowMillis, RaftSettings settings) {
        return new Transfer(target, nowMillis + settings.electionTimeoutMillisMax());
    }

    boolean isOver(long nowMillis) {
        return nowMillis >= untilMillis;
    }
}
