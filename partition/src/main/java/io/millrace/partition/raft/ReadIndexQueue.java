package io.millrace.partition.raft;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads that wait at a leader until it is sure that it led when they were asked (§6.4): a round of questions to the voters
 * goes out, and when a majority has answered in this term, no later leader can have committed anything before the round
 * began. Everything asked while a round is under way shares the next one.
 *
 * <pre>
 *   read a   read b   read c                         a sees what was committed when round 1 began
 *     |--- round 1 ---|  (b was asked later: a newer leader may have committed something between)
 *                     |--- round 2, for b and c ---|
 * </pre>
 *
 * <p>With a lease (§6.4.1) a round that a majority answered vouches for the reads of some time to come. It counts from the
 * moment when the round <em>began</em>, on this member's clock, because each voter refuses votes for the shortest election
 * timeout from when it <em>heard</em> the question, which is later; and each read compares with a clock that was looked at
 * after it was asked. So a process that was paused finds its lease expired. A clock that stands still while others go on, as
 * that of a suspended machine may, breaks this: the lease is off by default.
 */
final class ReadIndexQueue {
    static final int READS_MAX = 10_000;

    /** @param from who asked: this member, or a follower on whose behalf it is answered */
    record Read(NodeId from, long id) {}

    private static final long NEVER_MILLIS = Long.MIN_VALUE / 2;

    private long leaseMillis;
    private final ArrayDeque<Read> waiting = new ArrayDeque<>();
    private final List<Read> asking = new ArrayList<>();
    private final TreeSet<NodeId> answered = new TreeSet<>();
    private long round;
    private long roundIndex;
    private long beganMillis;
    private long sentMillis;
    private long leaseEndMillis = NEVER_MILLIS;

    ReadIndexQueue(RaftSettings settings) {
        this.leaseMillis = settings.readLeaseMillis();
    }

    boolean isEmpty() {
        return waiting.isEmpty() && asking.isEmpty();
    }

    /** Whether there was room. */
    boolean add(Read read) {
        if (waiting.size() + asking.size() >= READS_MAX) {
            return false;
        }
        waiting.add(read);
        return true;
    }

    /** Whether reads may be answered now without a round. */
    boolean hasLease(long nowMillis) {
        return nowMillis < leaseEndMillis;
    }

    /** Those that are answered by the lease. */
    List<Read> takeWaiting() {
        List<Read> taken = List.copyOf(waiting);
        waiting.clear();
        return taken;
    }

    boolean isRoundOpen() {
        return !asking.isEmpty();
    }

    long round() {
        return round;
    }

    /** What the reads of this round may see: what was committed when it began. */
    long roundIndex() {
        return roundIndex;
    }

    /**
     * Begins one for all that wait, unless one is under way.
     *
     * @return whether questions are to be sent
     */
    boolean beginRound(long commitIndex, long nowMillis) {
        if (isRoundOpen() || waiting.isEmpty()) {
            return false;
        }
        asking.addAll(waiting);
        waiting.clear();
        roundIndex = commitIndex;
        ask(nowMillis);
        return true;
    }

    private void ask(long nowMillis) {
        round++;
        answered.clear();
        beganMillis = nowMillis;
        sentMillis = nowMillis;
    }

    /** For good: voters were asked to forget their promise (§3.10). */
    void leaseIsOver() {
        leaseMillis = 0;
        leaseEndMillis = NEVER_MILLIS;
    }

    /** Majorities are others now: what was answered so far, and the lease, count no more. */
    void membershipChanged() {
        leaseEndMillis = NEVER_MILLIS;
        if (isRoundOpen()) {
            round++;
            answered.clear();
            sentMillis = NEVER_MILLIS;
        }
    }

    /** This voter still took us for the leader when it was asked in that round. */
    void answered(NodeId voter, long inRound) {
        if (inRound == round) {
            answered.add(voter);
        }
    }

    Set<NodeId> answered() {
        return answered;
    }

    /** When those who have not answered are to be asked again. */
    long resendMillis(RaftSettings settings) {
        return isRoundOpen() ? sentMillis + settings.heartbeatMillis() : Long.MAX_VALUE;
    }

    void resent(long nowMillis) {
        sentMillis = nowMillis;
    }

    /** A majority has answered. */
    List<Read> endRound() {
        if (leaseMillis > 0) {
            leaseEndMillis = Math.max(leaseEndMillis, beganMillis + leaseMillis);
        }
        List<Read> done = List.copyOf(asking);
        asking.clear();
        return done;
    }

    /** All there are, for this member leads no more. */
    List<Read> abandon() {
        List<Read> all = new ArrayList<>(asking);
        all.addAll(waiting);
        asking.clear();
        waiting.clear();
        return all;
    }
}
