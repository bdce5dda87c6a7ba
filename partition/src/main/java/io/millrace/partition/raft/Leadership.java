package io.millrace.partition.raft;

import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a member knows and does while it leads one term: how far the others are, what to send them, what a majority has,
 * and whether a majority is still there.
 */
final class Leadership {
    private final NodeId self;
    private final long term;
    private final RaftSettings settings;
    private final TermHistory log;
    /** Sorted, so that what is sent has one order whatever the hash of an id is. */
    private final TreeMap<NodeId, Progress> peers = new TreeMap<>();

    private Membership membership;
    private long quorumCheckMillis;

    Leadership(
            NodeId self,
            long term,
            Membership membership,
            RaftSettings settings,
            TermHistory log,
            long nextIndex,
            long nowMillis) {
        this.self = self;
        this.term = term;
        this.membership = membership;
        this.settings = settings;
        this.log = log;
        this.quorumCheckMillis = nowMillis + settings.electionTimeoutMillisMax();
        for (NodeId peer : others(membership)) {
            peers.put(peer, new Progress(nextIndex, nowMillis));
        }
    }

    private NavigableSet<NodeId> others(Membership of) {
        TreeSet<NodeId> others = new TreeSet<>(of.voters());
        others.addAll(of.learners());
        others.remove(self);
        return others;
    }

    NavigableMap<NodeId, Progress> peers() {
        return peers;
    }

    void changeMembership(Membership changed, long nowMillis) {
        membership = changed;
        NavigableSet<NodeId> others = others(changed);
        peers.keySet().retainAll(others);
        for (NodeId peer : others) {
            peers.computeIfAbsent(peer, p -> new Progress(log.lastIndex() + 1, nowMillis));
        }
    }

    /** Asks for the entries that each member lacks and may be sent now. */
    void replicate(Output.Builder out) {
        peers.forEach((peer, progress) -> replicateTo(peer, progress, out));
    }

    void replicateTo(NodeId peer, Progress progress, Output.Builder out) {
        if (progress.mayRead(log.lastIndex(), settings)) {
            progress.readStarted();
            out.replicate(new Output.Replicate(
                    peer,
                    term,
                    beforeNext(progress),
                    progress.nextIndex(),
                    log.lastIndex(),
                    settings.appendBytesMax()));
        }
    }

    /** Heartbeats, and news of the commit index, to those for whom they are due. */
    void heartbeats(long nowMillis, long commitIndex, Output.Builder out) {
        peers.forEach((peer, progress) -> {
            if (nowMillis >= progress.heartbeatDueMillis(settings)) {
                heartbeat(peer, progress, nowMillis, commitIndex, out);
            }
        });
    }

    private void heartbeat(NodeId peer, Progress progress, long nowMillis, long commitIndex, Output.Builder out) {
        progress.heartbeatSent(nowMillis);
        out.send(new Message.AppendRequest(self, peer, term, beforeNext(progress), List.of(), commitIndex));
    }

    /** Whether each member has, as its own recent word says, everything. */
    boolean allHaveEverything(long nowMillis) {
        for (Progress progress : peers.values()) {
            if (progress.matchIndex() != log.lastIndex()
                    || nowMillis - progress.lastHeardMillis() > settings.electionTimeoutMillisMin()) {
                return false;
            }
        }
        return true;
    }

    void quiesce(Output.Builder out) {
        for (NodeId peer : peers.keySet()) {
            out.send(new Message.Quiesce(self, peer, term, log.last()));
        }
    }

    /** After sleep, during which nobody had to speak: everybody is given the time to. */
    void wakeUp(long nowMillis) {
        quorumCheckMillis = nowMillis + settings.electionTimeoutMillisMax();
        peers.values().forEach(progress -> progress.heard(nowMillis));
    }

    private LogPosition beforeNext(Progress progress) {
        long previous = Math.max(progress.nextIndex() - 1, log.start().index());
        return new LogPosition(previous, log.termAt(previous));
    }

    void commitAdvanced(long nowMillis) {
        peers.values().forEach(progress -> progress.commitAdvanced(nowMillis));
    }

    /** The index that a majority of voters has on disk. */
    long majorityMatch(long ownDurableIndex) {
        return Quorum.reachedByMajority(
                membership.voters(), voter -> voter.equals(self) ? ownDurableIndex : matchIndexOf(voter));
    }

    private long matchIndexOf(NodeId voter) {
        Progress progress = peers.get(voter);
        return progress == null ? 0 : progress.matchIndex();
    }

    /**
     * Check-quorum (§6.2): looked at once an election timeout.
     *
     * @return whether it was due and no majority of voters was heard of since an election timeout
     */
    boolean hasLostQuorum(long nowMillis) {
        if (nowMillis < quorumCheckMillis) {
            return false;
        }
        quorumCheckMillis = nowMillis + settings.electionTimeoutMillisMin();
        TreeSet<NodeId> heard = new TreeSet<>();
        heard.add(self);
        peers.forEach((peer, progress) -> {
            if (nowMillis - progress.lastHeardMillis() <= settings.electionTimeoutMillisMax()) {
                heard.add(peer);
            }
        });
        return !Quorum.isMajority(membership.voters(), heard);
    }

    long deadlineMillis() {
        long deadline = quorumCheckMillis;
        for (Progress progress : peers.values()) {
            deadline = Math.min(deadline, progress.heartbeatDueMillis(settings));
        }
        return deadline;
    }
}
