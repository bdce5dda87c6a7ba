package io.millrace.partition.sim;

import com.google.errorprone.annotations.FormatMethod;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.MembershipCodec;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Output;
import io.millrace.partition.raft.Role;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.SnapshotCodec;
import io.millrace.partition.raft.SnapshotId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Watches all of history, with knowledge that no member has. Every entry carries a hash over the whole log up to it
 * ({@link Hashing#chain}), so that comparing logs, of whatever length, is comparing two numbers, and each event costs
 * about nothing.
 */
final class SafetyChecks {
    private record Life(NodeId node, int life) {}

    /** @param chain over the log up to this entry */
    private record Known(Entry entry, long chain) {}

    private record BallotPaper(NodeId voter, long incarnation, long term) {}

    private record Ballot(NodeId voter, NodeId candidate, long term) {}

    /** @param byTerm the earliest term known to have committed it */
    private record Committed(Entry entry, long chain, long byTerm) {}

    private final World world;
    private final Set<Property> unchecked;

    private final Map<Long, Life> leaderOfTerm = new HashMap<>();
    private final Map<BallotPaper, NodeId> votes = new HashMap<>();
    private final Set<Ballot> ballots = new HashSet<>();
    private final Map<NodeId, Long> durableTerm = new HashMap<>();
    /** Each entry that ever was, anywhere, by {@link #placeOf}. */
    private final Map<Long, Known> entries = new HashMap<>();
    /** The chain of each member's log as it is now, by index - 1. */
    private final TreeMap<NodeId, LongList> logs = new TreeMap<>();

    private final TreeMap<NodeId, NavigableMap<Long, Membership>> configurations = new TreeMap<>();
    private final NavigableMap<Long, Set<Membership>> appendedConfigurations = new TreeMap<>();
    private final NavigableMap<Long, Membership> committedConfigurations = new TreeMap<>();

    /** The furthest that each member has told a leader, in each term, that it has on its disk. */
    private final Map<NodeId, NavigableMap<Long, Long>> promised = new HashMap<>();

    private final Map<NodeId, Long> commitIndex = new HashMap<>();
    private final ArrayList<Committed> committed = new ArrayList<>();
    /** The offset after each committed entry, by index - 1. */
    private final LongList offsetAfter = new LongList();

    /** By index. */
    private final Map<Long, Long> applied = new HashMap<>();

    private final Map<LogPosition, SnapshotId> snapshots = new HashMap<>();
    /** What clients were told is committed, and the term of its entry, rising: {@code term, offset, term, offset …}. */
    private final LongList acknowledgedInTerm = new LongList();

    SafetyChecks(World world, Set<Property> unchecked) {
        this.world = world;
        this.unchecked = Set.copyOf(unchecked);
    }

    @FormatMethod
    void check(boolean holds, Property property, String otherwise, Object... arguments) {
        if (!holds && !unchecked.contains(property)) {
            throw new SimulationFailure(property, String.format(otherwise, arguments));
        }
    }

    // ------------------------------------------------------------------------------------------------------ elections

    void roleChanged(NodeId node, int life, Output.RoleChange change) {
        if (change.role() != Role.LEADER) {
            return;
        }
        Life now = new Life(node, life);
        Life before = leaderOfTerm.putIfAbsent(change.term(), now);
        check(
                before == null || before.equals(now),
                Property.ELECTION_SAFETY,
                "term %s: %s and %s",
                change.term(),
                before,
                now);
        int i = committed.size() - 1;
        while (i >= 0 && committed.get(i).byTerm() >= change.term()) {
            i--;
        }
        Membership membership = latestIn(configurationsOf(node));
        long voters = membership.voters().stream()
                .filter(voter -> ballots.contains(new Ballot(voter, node, change.term())))
                .count();
        check(
                voters >= membership.quorum(),
                Property.ELECTED_BY_MAJORITY,
                "%s leads term %s of %s with %s votes that are on a disk",
                node,
                change.term(),
                membership,
                voters);
        LongList log = logOf(node);
        check(
                i < 0 || (i < log.size() && log.get(i) == committed.get(i).chain()),
                Property.LEADER_COMPLETENESS,
                "leader %s of term %s lacks entry %s, committed in an earlier term",
                node,
                change.term(),
                i + 1);
    }

    void hardStateDurable(NodeId node, HardState state) {
        Long before = durableTerm.put(node, state.term());
        check(
                before == null || before <= state.term(),
                Property.TERM_RISES,
                "%s had term %s on disk, now %s",
                node,
                before,
                state.term());
        state.vote().ifPresent(candidate -> voted(node, state, candidate));
    }

    private void voted(NodeId voter, HardState state, NodeId candidate) {
        long term = state.term();
        ballots.add(new Ballot(voter, candidate, term));
        NodeId before = votes.putIfAbsent(new BallotPaper(voter, state.incarnation(), term), candidate);
        check(
                before == null || before.equals(candidate),
                Property.ONE_VOTE_A_TERM,
                "%s voted for %s and %s in term %s",
                voter,
                before,
                candidate,
                term);
    }

    // ------------------------------------------------------------------------------------------------------- messages

    /** Checked before anything else could go wrong with the message. */
    void sent(Shell sender, Message message) {
        HardState durable = sender.member.journal.durable();
        if (message instanceof Message.PreVoteRequest
                || (message instanceof Message.PreVoteResponse response && response.granted())) {
            return; // speaks of a term that is not begun
        }
        check(
                message.term() <= durable.term(),
                Property.MESSAGES_ARE_TRUE,
                "%s has term %s on disk and sends %s",
                sender.id(),
                durable.term(),
                Trace.describe(message));
        if (message instanceof Message.VoteRequest) {
            hasVotedFor(sender.id(), durable, message);
        } else if (message instanceof Message.VoteResponse response && response.granted()) {
            hasVotedFor(message.to(), durable, message);
            voted(sender.id(), durable, message.to());
        } else if (message instanceof Message.AppendAccepted accepted) {
            hasOnDisk(sender, accepted);
        }
    }

    private void hasVotedFor(NodeId candidate, HardState durable, Message message) {
        check(
                durable.term() == message.term() && durable.vote().equals(Optional.of(candidate)),
                Property.MESSAGES_ARE_TRUE,
                "%s has %s on disk and sends %s",
                message.from(),
                durable,
                Trace.describe(message));
    }

    private void hasOnDisk(Shell sender, Message.AppendAccepted accepted) {
        List<Entry> disk = sender.member.disk.synced();
        long index = accepted.matchIndex();
        check(
                index == 0 || (index <= disk.size() && disk.get((int) index - 1).equals(sender.entryAt(index))),
                Property.MESSAGES_ARE_TRUE,
                "%s says it has %s, and has %s entries on disk, perhaps others",
                sender.id(),
                index,
                disk.size());
        promised(sender.id(), accepted.term(), index);
    }

    // ----------------------------------------------------------------------------------------------------------- logs

    private LongList logOf(NodeId node) {
        return logs.computeIfAbsent(node, n -> new LongList());
    }

    private static long placeOf(Entry entry) {
        return entry.term() << 32 | entry.index();
    }

    void started(NodeId node, List<Entry> found) {
        commitIndex.put(node, 0L);
        logOf(node).cutTo(0);
        configurationsOf(node).clear();
        appended(node, found);
    }

    void appended(NodeId node, List<Entry> appended) {
        LongList log = logOf(node);
        for (Entry entry : appended) {
            long chain = Hashing.chain(log.lastOr(0), entry);
            log.add(chain);
            if (entry.type() == EntryType.CONFIGURATION) {
                Membership configuration = MembershipCodec.decode(entry.payload());
                configurationsOf(node).put(entry.index(), configuration);
                appendedConfigurations
                        .computeIfAbsent(entry.index(), index -> new LinkedHashSet<>())
                        .add(configuration);
            }
            Known known = entries.putIfAbsent(placeOf(entry), new Known(entry, chain));
            check(
                    known == null || known.chain() == chain,
                    Property.LOG_MATCHING,
                    "the log of %s at %s of term %s, or before, is not what others have there",
                    node,
                    entry.index(),
                    entry.term());
        }
    }

    void cut(NodeId node, long fromIndex) {
        logOf(node).cutTo(fromIndex - 1);
        configurationsOf(node).tailMap(fromIndex, true).clear();
    }

    void diskLost(NodeId node) {
        durableTerm.remove(node);
        promised.remove(node);
        logOf(node).cutTo(0);
        configurationsOf(node).clear();
    }

    /** The configurations in a member's log, by index; a stopped member's, as it was when it stopped. */
    private NavigableMap<Long, Membership> configurationsOf(NodeId node) {
        return configurations.computeIfAbsent(node, n -> new TreeMap<>());
    }

    /** Who has lost its journal and not its log goes by none until it is admitted. */
    void hasConfigurationOfItsLog(Shell shell) {
        if (!shell.core().remembers()) {
            return;
        }
        Membership expected = latestIn(configurationsOf(shell.id()));
        check(
                shell.core().membership().equals(expected),
                Property.CONFIGURATION_OF_LOG,
                "%s goes by %s, its log says %s",
                shell.id(),
                shell.core().membership(),
                expected);
    }

    /** Before it is appended. */
    void changeBegun(Shell leader, List<Entry> appended) {
        long commitIndex = leader.core().commitIndex();
        boolean inTerm = commitIndex > 0
                && leader.entryAt(commitIndex).term() == leader.core().term();
        NavigableMap<Long, Membership> before = configurationsOf(leader.id());
        check(
                inTerm && (before.isEmpty() || before.lastKey() <= commitIndex),
                Property.CHANGES_IN_TURN,
                "leader %s of term %s, which has committed up to %s, changes the membership with %s",
                leader.id(),
                leader.core().term(),
                commitIndex,
                appended);
    }

    private Membership latestIn(NavigableMap<Long, Membership> byIndex) {
        return byIndex.isEmpty() ? world.founding() : byIndex.lastEntry().getValue();
    }

    /**
     * That somebody may go by, now or later: the last that is committed, and all that were ever appended after it. Those in
     * nobody's log too: they may be in a message that is on its way, from somebody whose disk is lost by now. And those that a
     * leader has begun: it takes time until its journal has them and its log gets them.
     */
    Stream<Membership> possibleConfigurations() {
        Stream<Membership> appended = appendedConfigurations.tailMap((long) committed.size(), false).values().stream()
                .flatMap(Set::stream);
        Stream<Membership> begun = world.members.values().stream()
                .map(Member::shell)
                .filter(Objects::nonNull)
                .map(shell -> shell.core().membership());
        return Stream.of(Stream.of(latestIn(committedConfigurations)), appended, begun)
                .flatMap(each -> each);
    }

    /** A leader that commits may have begun the next change in the same step: then it counted by the one before. */
    private boolean isOnMajority(Shell by, Entry entry) {
        NavigableMap<Long, Membership> known = configurationsOf(by.id());
        return isOnMajority(latestIn(known), entry)
                || (!known.isEmpty() && isOnMajority(latestIn(known.headMap(known.lastKey(), false)), entry));
    }

    private boolean isOnMajority(Membership membership, Entry entry) {
        long holders = membership.voters().stream()
                .map(world.members::get)
                .filter(voter -> voter != null && voter.hasOrHadOnDisk(entry))
                .count();
        return holders >= membership.quorum();
    }

    /** A member read this from its log, wherever that keeps it. */
    void read(NodeId node, Entry entry) {
        Known known = entries.get(placeOf(entry));
        check(
                known != null && known.entry().equals(entry),
                Property.READS_ARE_TRUE,
                "%s reads another entry %s of term %s than was ever written",
                node,
                entry.index(),
                entry.term());
    }

    /** Who lives in an earlier term still, and has promised nothing since, may cut off what was committed without it. */
    void diskCut(NodeId node, List<Entry> entries) {
        for (Entry entry : entries) {
            check(
                    entry.index() > committed.size()
                            || !committedAt(entry.index()).entry().equals(entry)
                            || !hasPromised(
                                    node,
                                    entry.index(),
                                    committedAt(entry.index()).byTerm()),
                    Property.COMMITTED_IS_NOT_CUT,
                    "%s cuts entry %s off its disk, which is committed",
                    node,
                    entry.index());
        }
    }

    private void promised(NodeId node, long term, long index) {
        promised.computeIfAbsent(node, n -> new TreeMap<>()).merge(term, index, Math::max);
    }

    private boolean hasPromised(NodeId node, long index, long sinceTerm) {
        return promised.getOrDefault(node, new TreeMap<>()).tailMap(sinceTerm, true).values().stream()
                .anyMatch(upTo -> upTo >= index);
    }

    // ------------------------------------------------------------------------------------------- commitment, and after

    private Committed committedAt(long index) {
        return committed.get((int) index - 1);
    }

    long committedCount() {
        return committed.size();
    }

    void committed(Shell by, long upTo) {
        NodeId node = by.id();
        Long before = commitIndex.put(node, upTo);
        long from = before == null ? 0 : before;
        check(upTo >= from, Property.COMMITTED_STAYS, "commit index of %s went from %s to %s", node, from, upTo);
        LongList log = logOf(node);
        check(upTo <= log.size(), Property.COMMITTED_STAYS, "%s commits %s of %s", node, upTo, log.size());
        check(
                !by.believesToLead() || by.entryAt(upTo).term() == by.core().term(),
                Property.COMMITS_BY_OWN_TERM,
                "leader %s of term %s commits up to %s of an earlier term",
                node,
                by.core().term(),
                upTo);
        for (long index = from + 1; index <= Math.min(upTo, log.size()); index++) {
            long chain = log.get(index - 1);
            if (index <= committed.size()) {
                check(
                        committedAt(index).chain() == chain,
                        Property.COMMITTED_STAYS,
                        "entry %s, committed in term %s, is another one when %s commits it in term %s",
                        index,
                        committedAt(index).byTerm(),
                        node,
                        by.core().term());
            } else {
                committedFirst(by, by.entryAt(index), chain);
            }
        }
    }

    private void committedFirst(Shell by, Entry entry, long chain) {
        committed.add(new Committed(entry, chain, by.core().term()));
        promised(by.id(), by.core().term(), entry.index());
        if (entry.type() == EntryType.DATA) {
            world.history.committed(entry.index(), entry.payload());
        }
        offsetAfter.add(world.history.end());
        if (entry.type() == EntryType.CONFIGURATION) {
            committedConfigurations.put(entry.index(), MembershipCodec.decode(entry.payload()));
        }
        check(
                isOnMajority(by, entry),
                Property.MAJORITY_DURABLE,
                "%s commits entry %s in term %s, which no majority of %s has on disk",
                by.id(),
                entry.index(),
                by.core().term(),
                by.core().membership());
    }

    /** Entry after entry, or all at once, by a snapshot. */
    void applied(NodeId node, StateMachine state) {
        long index = state.appliedIndex();
        Long before = applied.putIfAbsent(index, state.hash());
        check(
                (before == null || before == state.hash()) && index <= committed.size(),
                Property.STATE_MACHINE_SAFETY,
                "%s applied something else up to %s",
                node,
                index);
    }

    // ---------------------------------------------------------------------------------------------------- snapshots

    /** All entries up to one that is committed. */
    List<Entry> committedUpTo(long index) {
        return committed.subList(0, (int) index).stream().map(Committed::entry).toList();
    }

    /** It is to take the place of the entries that it stands for. */
    void snapshotTaken(NodeId node, Snapshot snapshot) {
        LogPosition position = snapshot.position();
        check(
                position.index() <= committed.size()
                        && committedAt(position.index()).entry().position().equals(position),
                Property.SNAPSHOTS_ARE_TRUE,
                "%s has a snapshot of %s, which is not committed",
                node,
                position);
        NavigableMap<Long, Membership> configured = committedConfigurations.headMap(position.index(), true);
        check(
                snapshot.configuration().membership().equals(latestIn(configured))
                        && snapshot.nextOffset() == offsetAfter.get(position.index() - 1),
                Property.SNAPSHOTS_ARE_TRUE,
                "%s has the snapshot %s, where %s is in effect",
                node,
                snapshot,
                latestIn(configured));
        SnapshotId id = SnapshotCodec.idOf(SnapshotCodec.encode(snapshot));
        SnapshotId others = snapshots.putIfAbsent(position, id);
        check(
                others == null || others.equals(id),
                Property.SNAPSHOTS_ARE_TRUE,
                "%s has the snapshot %s, another one %s",
                node,
                id,
                others);
        StateMachine restored = world.stateMachines.get();
        restored.restore(snapshot.state());
        applied(node, restored);
    }

    /** Before it takes the place of a member's log. */
    void installs(NodeId node, Snapshot snapshot) {
        snapshotTaken(node, snapshot);
        long index = snapshot.position().index();
        LongList log = logOf(node);
        check(
                log.size() < index || log.get(index - 1) != committedAt(index).chain(),
                Property.SNAPSHOTS_ARE_TRUE,
                "%s drops a log that has the snapshot's position %s",
                node,
                index);
        log.cutTo(0);
        committed.subList(0, (int) index).forEach(entry -> log.add(entry.chain()));
        configurationsOf(node).clear();
        configurationsOf(node).putAll(committedConfigurations.headMap(index, true));
        commitIndex.put(node, index);
    }

    /** A member says which offset follows what is committed. */
    void highWatermark(NodeId node, long index, long offset) {
        check(
                index == 0 || (index <= offsetAfter.size() && offsetAfter.get(index - 1) == offset),
                Property.STATE_MACHINE_SAFETY,
                "%s has its high watermark at %s after entry %s",
                node,
                offset,
                index);
    }

    /** A member takes requests from now on, and says that records up to this offset are committed. */
    void serves(NodeId node, long term, long highWatermark) {
        check(
                acknowledgedBefore(term) <= highWatermark,
                Property.ACKNOWLEDGED_IS_READABLE,
                "%s begins to serve in term %s up to offset %s, and %s was acknowledged in an earlier term",
                node,
                term,
                highWatermark,
                acknowledgedBefore(term));
    }

    /** A client was told that records before this offset are committed, by who leads this term. */
    void acknowledgedUpTo(long offset, long term) {
        if (offset > acknowledgedInTerm.lastOr(0)) {
            acknowledgedInTerm.add(term);
            acknowledgedInTerm.add(offset);
        }
    }

    private long acknowledgedBefore(long term) {
        int i = acknowledgedInTerm.size() - 1;
        while (i > 0 && acknowledgedInTerm.get(i - 1) >= term) {
            i -= 2;
        }
        return i > 0 ? acknowledgedInTerm.get(i) : 0;
    }

    /** After each event. */
    void areBounded() {
        for (Member member : world.members.values()) {
            Shell shell = member.shell();
            String overflow = shell == null ? null : shell.partition().overflow();
            if (overflow != null) {
                check(false, Property.BOUNDED, "%s: %s", member.id, overflow);
            }
        }
    }

    // -------------------------------------------------------------------------------------------------------- the end

    /** Whether these members have the same log, all of it committed and applied. */
    boolean areEqual(List<Shell> members) {
        return members.stream()
                .allMatch(shell ->
                        logOf(shell.id()).isEqualTo(logOf(members.get(0).id()))
                                && shell.core().commitIndex() == shell.lastIndex()
                                && shell.partition().appliedIndex() == shell.lastIndex());
    }
}
