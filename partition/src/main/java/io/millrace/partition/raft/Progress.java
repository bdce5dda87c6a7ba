package io.millrace.partition.raft;

import java.util.ArrayDeque;

/**
 * What a leader knows of one other member's log.
 *
 * <p>Probing, the leader looks for the place where the logs agree, one message at a time; replicating, it sends ahead of
 * the answers within a window. Reads of entries to be sent are asked for one at a time.
 */
final class Progress {
    private record Sent(long lastIndex, int sizeBytes) {}

    private final ArrayDeque<Sent> inflight = new ArrayDeque<>();
    private long inflightBytes;
    private boolean probing = true;
    private boolean probeUnanswered;
    private boolean reading;

    /** The member's log agrees with ours and is on its disk up to here. */
    private long matchIndex;
    /** The next entry to send. */
    private long nextIndex;

    private long lastHeardMillis;
    private long lastSentMillis = Long.MIN_VALUE;
    private long commitIndexSent;

    Progress(long nextIndex, long nowMillis) {
        this.nextIndex = nextIndex;
        this.lastHeardMillis = nowMillis;
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

    long inflightBytes() {
        return inflightBytes;
    }

    long lastHeardMillis() {
        return lastHeardMillis;
    }

    void heard(long nowMillis) {
        lastHeardMillis = nowMillis;
    }

    long lastSentMillis() {
        return lastSentMillis;
    }

    long commitIndexSent() {
        return commitIndexSent;
    }

    void sentAnything(long nowMillis, long commitIndex) {
        lastSentMillis = nowMillis;
        commitIndexSent = commitIndex;
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

    /** A heartbeat goes out: it probes too, so an answer that was lost does not stop us for good. */
    void probeAgain() {
        probeUnanswered = false;
    }

    void accepted(long newMatchIndex) {
        matchIndex = Math.max(matchIndex, newMatchIndex);
        nextIndex = Math.max(nextIndex, matchIndex + 1);
        probing = false;
        probeUnanswered = false;
        while (!inflight.isEmpty() && inflight.peekFirst().lastIndex() <= matchIndex) {
            inflightBytes -= inflight.removeFirst().sizeBytes();
        }
    }

    /**
     * The member has nothing that matches at {@code previousIndex}.
     *
     * @param retryFrom the first entry after the last place that may match
     * @return whether that was news: answers to older questions are not
     */
    boolean rejected(long previousIndex, long retryFrom) {
        boolean stale = previousIndex <= matchIndex || (probing && previousIndex != nextIndex - 1);
        if (stale) {
            return false;
        }
        nextIndex = Math.max(matchIndex + 1, Math.min(nextIndex, retryFrom));
        probing = true;
        probeUnanswered = false;
        inflight.clear();
        inflightBytes = 0;
        return true;
    }
}
