package io.millrace.partition.raft;

import java.util.Comparator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * When a leader hands over although nobody has asked it to, and to whom: when another member can serve the group better.
 * That is safe at any time, as each transfer is (§3.10); the question is only when it is worth it.
 *
 * <pre>
 *   its own disk lags         what a majority had on disk is not on its own for an election timeout: the group goes on, but
 *                             will soon have to wait, for a leader takes nothing more that its disk does not
 *   part of its log is lost   it can serve only the rest, and give others only the rest ({@link Input.Damaged})
 *   its shell says so         there is no room on its disk ({@link Input.StepAside})
 * </pre>
 *
 * After it has begun to lead, and after each attempt, a leader rests, so that members that are all in the same state do not
 * pass leadership to and fro.
 */
final class Succession {
    private static final int REST_ELECTION_TIMEOUTS = 10;

    private final RaftSettings settings;
    private long restUntilMillis;
    private long retryAtMillis;
    private @Nullable NodeId lastHeir;

    /** Committed, and waited for on the own disk, if that lacks it. */
    private long awaitedIndex;

    private long patientUntilMillis = Long.MAX_VALUE;
    private boolean isLate;

    Succession(RaftSettings settings, long nowMillis) {
        this.settings = settings;
        this.retryAtMillis = nowMillis;
        rest(nowMillis);
    }

    private void rest(long nowMillis) {
        restUntilMillis = nowMillis + REST_ELECTION_TIMEOUTS * settings.electionTimeoutMillisMax();
    }

    /**
     * Whether the own disk lags, as seen at this look and the ones before it. One look that finds it late proves nothing: if
     * the whole process stood still, what the disk has reported is waiting behind that very look.
     */
    boolean isDiskTooSlow(long nowMillis, long commitIndex, long durableIndex) {
        if (durableIndex >= awaitedIndex) {
            awaitedIndex = commitIndex;
            isLate = false;
            patientUntilMillis =
                    durableIndex >= commitIndex ? Long.MAX_VALUE : nowMillis + settings.electionTimeoutMillisMax();
        }
        if (nowMillis < patientUntilMillis) {
            return false;
        }
        boolean wasLate = isLate;
        isLate = true;
        patientUntilMillis = nowMillis + settings.heartbeatMillis();
        return wasLate;
    }

    /** When to look again at the latest. */
    long deadlineMillis() {
        return patientUntilMillis;
    }

    /**
     * Who is to take over now, if anybody: of those that vote, one that was heard of lately and has all that is committed on
     * its disk; of several not the one that was asked last, which perhaps would not.
     */
    Optional<NodeId> heir(long nowMillis, long commitIndex, NavigableMap<NodeId, Progress> voting) {
        return nowMillis < restUntilMillis
                ? Optional.empty()
                : chosen(nowMillis, best(nowMillis, commitIndex, voting, progress -> true));
    }

    /** The same, from a leader whose log is damaged to one whose log is not: that cannot go to and fro, and need not wait. */
    Optional<NodeId> soundHeir(long nowMillis, long commitIndex, NavigableMap<NodeId, Progress> voting) {
        return nowMillis < retryAtMillis
                ? Optional.empty()
                : chosen(nowMillis, best(nowMillis, commitIndex, voting, progress -> !progress.isDamaged()));
    }

    private Optional<NodeId> best(
            long nowMillis, long commitIndex, NavigableMap<NodeId, Progress> voting, Predicate<Progress> isSuitable) {
        return voting.entrySet().stream()
                .filter(peer -> isSuitable.test(peer.getValue())
                        && peer.getValue().wasHeardSince(nowMillis - settings.electionTimeoutMillisMin())
                        && peer.getValue().matchIndex() >= commitIndex)
                .map(Map.Entry::getKey)
                .min(Comparator.comparing(peer -> peer.equals(lastHeir)));
    }

    private Optional<NodeId> chosen(long nowMillis, Optional<NodeId> heir) {
        heir.ifPresent(chosen -> {
            lastHeir = chosen;
            rest(nowMillis);
            retryAtMillis = nowMillis + 2 * settings.electionTimeoutMillisMax();
        });
        return heir;
    }
}
