package io.millrace.partition.raft;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Which membership is in effect, and which ones may be if entries are cut off (§4.1).
 *
 * <p>What is known of configurations is kept in {@link HardState}, which is durable before the entries themselves are
 * written. So a restart need not look for them in the log: a configuration is in effect if the log has its position. What was
 * in effect where the log starts is known from the snapshot there, or is the membership that the group was founded with.
 *
 * <pre>
 *   at the start   noted   log after a crash      in effect
 *   founding       3, 9    1 … 9                  9
 *   founding       3, 9    1 … 8                  3: the crash came between the note and the entry
 *   founding       3, 9    1 … 8, another 9       3: 9 had been cut off
 *   7              3, 9    9 …                    9
 *   12             3, 9    13 …                   12: a snapshot has taken the place of the log that had 3 and 9
 * </pre>
 */
final class ConfigurationHistory {
    /** In effect the last; the first is committed, and so is, since a leader has one change at a time, all but the last. */
    private final ArrayList<Configuration> inLog = new ArrayList<>();
    /** Cut off, but perhaps still on the disk: a crash may bring them back. */
    private final ArrayList<Configuration> cutOff = new ArrayList<>();

    /**
     * @param atStart in effect where the log starts
     * @param noted what {@link #noted} gave before the restart, or nothing
     */
    ConfigurationHistory(Configuration atStart, List<Configuration> noted, TermHistory log) {
        inLog.add(atStart);
        noted.stream()
                .filter(configuration ->
                        configuration.index() > log.start().index() && log.contains(configuration.position()))
                .distinct()
                .sorted(Comparator.comparingLong(Configuration::index))
                .forEach(inLog::add);
    }

    Membership latest() {
        return last().membership();
    }

    long latestIndex() {
        return last().index();
    }

    private Configuration last() {
        return inLog.get(inLog.size() - 1);
    }

    /** The last one that is known to be committed. */
    Configuration settled(long commitIndex) {
        boolean lastIsSettled = inLog.size() == 1 || last().index() <= commitIndex;
        return lastIsSettled ? last() : inLog.get(inLog.size() - 2);
    }

    void append(Entry entry) {
        Configuration added = new Configuration(entry.position(), MembershipCodec.decode(entry.payload()));
        Invariant.check(added.index() > latestIndex(), "configuration %s after %s", added, last());
        cutOff.remove(added);
        inLog.add(added);
    }

    void truncateFrom(long index) {
        while (last().index() >= index) {
            Invariant.check(inLog.size() > 1, "the committed configuration %s to be cut", last());
            cutOff.add(inLog.remove(inLog.size() - 1));
        }
    }

    /** A snapshot takes the place of the log; until that is durable, a crash may bring back what was in it. */
    void restartAt(Configuration atStart) {
        cutOff.addAll(inLog);
        inLog.clear();
        inLog.add(atStart);
    }

    /** Whatever was cut is off the disk. */
    void cutsAreDurable() {
        cutOff.clear();
    }

    /**
     * Forgets what is older than the last one that is committed and on disk.
     *
     * @return whether there was something: then {@link #noted} has changed
     */
    boolean settle(long committedAndDurableIndex) {
        boolean changed = false;
        while (inLog.size() > 1 && inLog.get(1).index() <= committedAndDurableIndex) {
            inLog.remove(0);
            changed = true;
        }
        if (changed) {
            cutOff.removeIf(configuration -> configuration.index() <= committedAndDurableIndex);
        }
        return changed;
    }

    /** To be made durable. Of each the log tells whether it is in effect. */
    List<Configuration> noted() {
        ArrayList<Configuration> noted = new ArrayList<>(inLog);
        noted.addAll(cutOff);
        return List.copyOf(noted);
    }
}
