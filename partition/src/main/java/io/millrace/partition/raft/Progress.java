package io.millrace.partition.raft;

import java.util.ArrayDeque;
import java.util.OptionalLong;

/**
 * What a leader knows of one other member's log.
 *
 * <p>Probing, the leader looks for the place where the logs agree, one message at a time; replicating, it sends ahead of
 * the answers within a window. Reads of entries to be sent are asked for one at a time.
 */
final class Progress {
    /** So many denials in a row are no late messages. */
    private static final int DENIALS_BELIEVED = 3;

    private record Sent(long lastIndex, int sizeBytes) {}

    private final ArrayDeque<Sent> inflight = new ArrayDeque<>();
    private long inflightBytes;
    private boolean probing = true;
    private boolean probeUnanswered;
    private boolean reading;

    /** Of the snapshot at the start of the log, as far as the member needs it, it has so much. */
    private int snapshotBytes;

    private boolean snapshotUnanswered;

    /** The member's log agrees with ours and is on its disk up to here. */
    private long matchIndex;
    /** The next entry to send. */
    private long nextIndex;

    private static final long NEVER_MILLIS = Long.MIN_VALUE / 2;
    private static final long NOT_WAITING_MILLIS = Long.MAX_VALUE / 2;

    /** How often in a row it has denied what it had confirmed. */
    private int denials;

    /** Since when it is waited for: since it was heard, or was given time to speak. */
    private long lastHeardMillis;

    private long lastSpokeMillis = NEVER_MILLIS;
    private long lastSentMillis = NEVER_MILLIS;
    private long lastHeartbeatMillis = NEVER_MILLIS;
    /** Since when the member has not been told of the present commit index. */
    private long commitNewsSinceMillis = NOT_WAITING_MILLIS;

    /** Which of the member's lives all of this is about. */
    private long incarnation;
    /** That life was heard of, and not only read of in a configuration. */
    private boolean hasSpoken;

    /** It asks to be rebuilt. */
    private boolean damaged;

    /** It knows all that it ever promised, as it said last, and so would vote. */
    private boolean remembers;

    private final CatchUp catchUp = new CatchUp();

    Progress(long incarnation, long nextIndex, long nowMillis) {
        this.incarnation = incarnation;
        this.nextIndex = nextIndex;
        this.lastHeardMillis = nowMillis;
        catchUp.begin(nextIndex - 1, nowMillis);
    }

    long incarnation() {
        return incarnation;
    }

    /**
     * An answer of this incarnation came. If it is a new one, the member has lost what it had, and what we know of it is
     * void, within the term as well.
     *
     * @return whether to listen: not to what a life before said, unless it goes on because it does not know yet that it may give
     *     up its disk
     */
    boolean isSpokenToBy(long speaker) {
        if (speaker == incarnation) {
            hasSpoken = true;
            return true;
        }
        boolean isNext = incarnation == HardState.nextIncarnation(speaker);
        if (isNext ? hasSpoken : speaker == 0) {
            return false;
        }
        incarnation = speaker;
        hasSpoken = true;
        damaged = false;
        remembers = false;
        matchIndex = 0;
        probing = true;
        probeUnanswered = false;
        inflight.clear();
        inflightBytes = 0;
        beginSnapshot();
        catchUp.begin(nextIndex - 1, lastHeardMillis);
        return true;
    }

    boolean remembers() {
        return remembers;
    }

    void says(boolean itRemembers) {
        remembers = itRemembers;
    }

    boolean isDamaged() {
        return damaged;
    }

    void asksToBeRebuilt() {
        damaged = true;
    }

    CatchUp catchUp() {
        return catchUp;
    }

    long matchIndex() {
        return matchIndex;
    }

    long nextIndex() {
        return nextIndex;
    }

    boolean isProbing() {
        return probing;
    }

    /** Whether entries were asked for that are not sent yet. */
    boolean isReading() {
        return reading;
    }

    long inflightBytes() {
        return inflightBytes;
    }

    long lastHeardMillis() {
        return lastHeardMillis;
    }

    boolean wasHeardSince(long millis) {
        return lastHeardMillis >= millis;
    }

    void heard(long nowMillis) {
        lastHeardMillis = nowMillis;
        lastSpokeMillis = nowMillis;
    }

    /** Nobody had to speak until now: it counts as heard of, until it has had the time to. */
    void isGivenTime(long nowMillis) {
        lastHeardMillis = nowMillis;
    }

    /** Since it spoke itself; empty if this leader has never heard of it. */
    OptionalLong silentMillis(long nowMillis) {
        return lastSpokeMillis == NEVER_MILLIS ? OptionalLong.empty() : OptionalLong.of(nowMillis - lastSpokeMillis);
    }

    /**
     * When a message without entries is due. Entries keep a follower from standing for election as well, but it answers
     * them only once they are on its disk: while it is silent, heartbeats go on beside them, or a slow disk under load
     * would look like a lost quorum.
     */
    long heartbeatDueMillis(RaftSettings settings) {
        long answeredMillis = Math.max(lastHeardMillis, lastHeartbeatMillis);
        return Math.min(
                Math.min(lastSentMillis, answeredMillis) + settings.heartbeatMillis(),
                commitNewsSinceMillis + settings.commitNoticeMillis());
    }

    /** Entries, or a heartbeat, are on their way; both carry the commit index. */
    void sentAnything(long nowMillis) {
        lastSentMillis = nowMillis;
        commitNewsSinceMillis = NOT_WAITING_MILLIS;
    }

    /**
     * A heartbeat probes too, so an answer that was lost does not stop us for good. Only of a snapshot, which may be large,
     * nothing is sent to who is silent.
     */
    void heartbeatSent(long nowMillis, RaftSettings settings) {
        sentAnything(nowMillis);
        lastHeartbeatMillis = nowMillis;
        probeUnanswered = false;
        snapshotUnanswered = nowMillis - lastHeardMillis > settings.electionTimeoutMillisMin();
    }

    void commitAdvanced(long nowMillis) {
        commitNewsSinceMillis = Math.min(commitNewsSinceMillis, nowMillis);
    }

    /** Whether entries up to {@code lastIndex} may be asked for now. */
    boolean mayRead(long lastIndex, RaftSettings settings) {
        if (reading || nextIndex > lastIndex) {
            return false;
        }
        return probing
                ? !probeUnanswered
                : inflight.size() < settings.inflightMessagesMax() && inflightBytes < settings.inflightBytesMax();
    }

    void readStarted() {
        reading = true;
    }

    /** Entries from {@code firstIndex} were read and sent; {@code lastIndex < firstIndex}: there was nothing to read. */
    void readFinished(long firstIndex, long lastIndex, int sizeBytes) {
        reading = false;
        if (firstIndex != nextIndex || lastIndex < firstIndex) {
            return; // the place was corrected while the read ran, or nothing could be read: the next heartbeat tells
        }
        if (probing) {
            probeUnanswered = true;
        } else {
            nextIndex = lastIndex + 1;
            inflight.add(new Sent(lastIndex, sizeBytes));
            inflightBytes += sizeBytes;
        }
    }

    void accepted(long newMatchIndex) {
        denials = 0;
        matchIndex = Math.max(matchIndex, newMatchIndex);
        nextIndex = Math.max(nextIndex, matchIndex + 1);
        probing = false;
        probeUnanswered = false;
        while (!inflight.isEmpty() && inflight.peekFirst().lastIndex() <= matchIndex) {
            inflightBytes -= inflight.removeFirst().sizeBytes();
        }
    }

    /**
     * The member has nothing that matches at {@code previousIndex}. If it has said otherwise, that is an old answer, coming late; or it
     * has lost what it had, as a member may whose log is not forced before it answers.
     *
     * @param retryFrom the first entry after the last place that may match; before the log's own, if nothing in it does
     * @return whether that was news: answers to older questions are not
     */
    boolean rejected(long previousIndex, long retryFrom) {
        boolean denied = previousIndex <= matchIndex;
        if (denied ? ++denials < DENIALS_BELIEVED : probing && previousIndex != nextIndex - 1) {
            return false;
        }
        if (denied) {
            matchIndex = 0;
            denials = 0;
        }
        nextIndex = Math.max(matchIndex + 1, Math.min(nextIndex, retryFrom));
        probing = true;
        probeUnanswered = false;
        inflight.clear();
        inflightBytes = 0;
        beginSnapshot();
        return true;
    }

    // ------------------------------------------------------------------------ if the member needs what the log lacks

    /** From its first byte; the member says if it has some of it already. */
    void beginSnapshot() {
        snapshotBytes = 0;
        snapshotUnanswered = false;
    }

    /** One piece at a time is on its way; one that was lost is sent again after the next heartbeat. */
    boolean maySendSnapshot() {
        return !reading && !snapshotUnanswered;
    }

    int snapshotBytes() {
        return snapshotBytes;
    }

    /** What was asked for was read, and sent if it could be. */
    void snapshotRead(boolean sent) {
        reading = false;
        snapshotUnanswered |= sent;
    }

    /**
     * If it has all, what comes next is that it accepts what follows. That, and what brings it no further, is looked at again
     * after the next heartbeat.
     */
    void snapshotReceived(int bytes, int sizeBytes) {
        snapshotUnanswered = bytes >= sizeBytes || bytes <= snapshotBytes;
        snapshotBytes = Math.max(0, bytes);
    }
}
