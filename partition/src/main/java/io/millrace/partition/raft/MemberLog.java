package io.millrace.partition.raft;

import java.util.ArrayList;
import java.util.List;

/**
 * What a member knows of its own log: what is in it, on its disk, in agreement with its leader's, and committed, and which
 * memberships it says.
 *
 * <pre>
 *   start ≤ commitIndex ≤ verifiedIndex ≤ lastIndex
 *   durableIndex ≤ lastIndex
 * </pre>
 *
 * <p>Between the moment when a snapshot takes the place of the log and that when this is on disk, a crash brings back the log
 * as it was. So {@code durableIndex} is 0 then: nothing of this log is on disk, not even where it starts.
 */
final class MemberLog {
    private final TermHistory terms;
    private final ConfigurationHistory configurations;
    private long commitIndex;
    /** The log is on our disk up to here. */
    private long durableIndex;
    /** How often the log was cut or replaced since this object was made. */
    private long epoch;
    /** The log agrees with that of the leader of this term up to here; for its leader: all of it. */
    private long verifiedIndex;

    /** @param noted configurations that {@link HardState} had */
    MemberLog(TermHistory terms, Configuration atStart, List<Configuration> noted) {
        this.terms = terms;
        this.configurations = new ConfigurationHistory(atStart, noted, terms);
        this.commitIndex = terms.start().index();
        this.verifiedIndex = commitIndex;
        this.durableIndex = terms.lastIndex();
    }

    // ---------------------------------------------------------------------------------------------- what others see

    TermHistory terms() {
        return terms;
    }

    ConfigurationHistory configurations() {
        return configurations;
    }

    LogPosition start() {
        return terms.start();
    }

    LogPosition last() {
        return terms.last();
    }

    long lastIndex() {
        return terms.lastIndex();
    }

    long commitIndex() {
        return commitIndex;
    }

    long durableIndex() {
        return durableIndex;
    }

    long epoch() {
        return epoch;
    }

    long verifiedIndex() {
        return verifiedIndex;
    }

    /** What a leader may count on. */
    long acknowledgedIndex() {
        return Math.min(durableIndex, verifiedIndex);
    }

    /** Whether all of it is committed, and on disk. */
    boolean isSettled() {
        return commitIndex == lastIndex() && durableIndex == lastIndex();
    }

    /** Whether it agrees with a leader's up to this position, which that one has. */
    boolean agreesAt(LogPosition theirs) {
        checkAgreesWithCommitted(theirs);
        return theirs.index() <= commitIndex // whatever we still keep of it
                || terms.contains(theirs);
    }

    /**
     * For a leader: where a member's log may agree with this one that has rejected what comes after {@code rejectedIndex}.
     *
     * @param hint the member's last position that may
     * @return if that is nowhere in this log, even its start, an index before it
     */
    long mayAgreeUpTo(long rejectedIndex, LogPosition hint) {
        boolean nowhere = rejectedIndex == start().index() || hint.index() < start().index();
        return nowhere
                ? start().index() - 1
                : terms.lastAtMost(hint.index(), hint.term()).index();
    }

    private void checkAgreesWithCommitted(LogPosition theirs) {
        if (theirs.index() <= commitIndex && theirs.index() >= start().index()) {
            Invariant.check(
                    terms.contains(theirs),
                    "committed entry %s has term %s, a leader says %s",
                    theirs.index(),
                    terms.termAt(theirs.index()),
                    theirs.term());
        }
    }

    // -------------------------------------------------------------------------------------------- how it goes forward

    /** An entry of this member, as a leader. */
    void appendOwn(Entry entry) {
        terms.append(entry);
        verifiedIndex = entry.index();
        if (entry.type() == EntryType.CONFIGURATION) {
            configurations.append(entry);
        }
    }

    /**
     * §3.5: what agrees stays; from the first entry that differs on, the leader's word replaces ours.
     *
     * @return whether one of them is a configuration, which is to be noted
     */
    boolean appendMissing(List<Entry> entries, Output.Builder out) {
        List<Entry> missing = new ArrayList<>();
        boolean reconfigured = false;
        for (Entry entry : entries) {
            if (entry.index() <= commitIndex) {
                checkAgreesWithCommitted(entry.position());
                continue;
            }
            if (entry.index() <= terms.lastIndex()) {
                if (terms.termAt(entry.index()) == entry.term()) {
                    continue;
                }
                truncateFrom(entry.index(), out);
            }
            terms.append(entry);
            missing.add(entry);
            if (entry.type() == EntryType.CONFIGURATION) {
                configurations.append(entry);
                reconfigured = true;
            }
        }
        if (!missing.isEmpty()) {
            out.append(missing);
        }
        return reconfigured;
    }

    private void truncateFrom(long index, Output.Builder out) {
        Invariant.check(index > commitIndex, "committed entry %s of %s to be cut", index, commitIndex);
        Invariant.check(index > verifiedIndex, "the leader contradicts itself at %s", index);
        terms.truncateFrom(index);
        configurations.truncateFrom(index);
        durableIndex = Math.min(durableIndex, index - 1);
        epoch++;
        out.truncateFrom(index);
    }

    /** The leader of this term has the same up to here. */
    void verified(long index) {
        verifiedIndex = Math.max(verifiedIndex, index);
    }

    /** Another leader, or none: what is committed is all that surely agrees. */
    void nothingVerified() {
        verifiedIndex = commitIndex;
    }

    /** @return whether that is news */
    boolean isDurable(LogPosition position) {
        Invariant.check(terms.contains(position), "%s is said to be on disk and is not in the log", position);
        configurations.cutsAreDurable();
        if (position.index() <= durableIndex) {
            return false;
        }
        durableIndex = position.index();
        return true;
    }

    void committed(long index, Output.Builder out) {
        if (index > commitIndex) {
            commitIndex = index;
            out.committed(index);
        }
    }

    /** @return whether {@link ConfigurationHistory#noted} has changed */
    boolean settleConfigurations() {
        return configurations.settle(Math.min(commitIndex, durableIndex));
    }

    // ------------------------------------------------------------------------------------------------ how it goes away

    /** How much of the beginning may go: what is committed and here on disk, and no more than is asked for. */
    long trimmableTo(long index) {
        return Math.min(index, Math.min(commitIndex, durableIndex));
    }

    /**
     * The entries up to {@code newStart} are gone.
     *
     * @return whether that is news: a snapshot that goes further may have replaced them since
     */
    boolean trimmed(LogPosition newStart) {
        if (newStart.index() <= start().index()) {
            return false;
        }
        Invariant.check(newStart.index() <= commitIndex, "the log is trimmed to %s, beyond its commit", newStart);
        terms.trimTo(newStart);
        return true;
    }

    /**
     * A snapshot takes the place of all of it. The log must not have the snapshot's position, which is committed: then it has
     * nothing that is committed after it either, and what it has before, the snapshot stands for.
     */
    void install(Snapshot snapshot, Output.Builder out) {
        LogPosition position = snapshot.position();
        Invariant.check(!agreesAt(position), "a log that has %s is to be dropped for its snapshot", position);
        terms.restartAt(position);
        configurations.restartAt(snapshot.configuration());
        commitIndex = position.index();
        verifiedIndex = position.index();
        durableIndex = 0;
        epoch++;
        out.install(snapshot);
    }
}
