package io.millrace.partition.sim;

import com.google.errorprone.annotations.FormatMethod;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Output;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.Role;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Watches all of history, with knowledge that no member has. Every entry carries a hash over the whole log up to it
 * ({@link Hashing#chain}), so that comparing logs, of whatever length, is comparing two numbers, and each event costs
 * about nothing.
 */
final class SafetyChecks {
    private record Life(NodeId node, int life) {}

    private record Place(long index, long term) {}

    private record Ballot(NodeId voter, long term) {}

    /** @param byTerm the earliest term known to have committed it */
    private record Committed(Entry entry, long chain, long byTerm) {}

    private record Acknowledged(long index, Payload payload) {}

    private final World world;
    private final Set<Property> unchecked;

    private final Map<Long, Life> leaderOfTerm = new HashMap<>();
    private final Map<Ballot, NodeId> votes = new HashMap<>();
    private final Map<NodeId, Long> durableTerm = new HashMap<>();
    /** For each entry that ever was, anywhere. */
    private final Map<Place, Long> chainAt = new HashMap<>();
    /** For each member's log as it is now, by index - 1. */
    private final TreeMap<NodeId, List<Long>> logs = new TreeMap<>();

    private final Map<NodeId, Long> commitIndex = new HashMap<>();
    private final ArrayList<Committed> committed = new ArrayList<>();
    private final Set<Payload> committedPayloads = new HashSet<>();
    private final ArrayList<Long> applied = new ArrayList<>();
    private final ArrayList<Acknowledged> acknowledged = new ArrayList<>();

    SafetyChecks(World world, Set<Property> unchecked) {
        this.world = world;
        this.unchecked = Set.copyOf(unchecked);
    }

    @FormatMethod
    private void check(boolean holds, Property property, String otherwise, Object... arguments) {
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
        List<Long> log = logOf(node);
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
        state.vote().ifPresent(candidate -> voted(node, state.term(), candidate));
    }

    private void voted(NodeId voter, long term, NodeId candidate) {
        NodeId before = votes.putIfAbsent(new Ballot(voter, term), candidate);
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
            voted(sender.id(), message.term(), message.to());
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
        List<Entry> disk = sender.member.log.synced();
        long index = accepted.matchIndex();
        check(
                index == 0
                        || (index <= disk.size()
                                && disk.get((int) index - 1).equals(sender.log().entryAt(index))),
                Property.MESSAGES_ARE_TRUE,
                "%s says it has %s, and has %s entries on disk, perhaps others",
                sender.id(),
                index,
                disk.size());
    }

    // ----------------------------------------------------------------------------------------------------------- logs

    private List<Long> logOf(NodeId node) {
        return logs.computeIfAbsent(node, n -> new ArrayList<>());
    }

    void started(NodeId node, int life, List<Entry> found) {
        commitIndex.put(node, 0L);
        logOf(node).clear();
        appended(node, found);
    }

    void appended(NodeId node, List<Entry> entries) {
        List<Long> log = logOf(node);
        for (Entry entry : entries) {
            long chain = Hashing.chain(log.isEmpty() ? 0 : log.get(log.size() - 1), entry);
            log.add(chain);
            Long known = chainAt.putIfAbsent(new Place(entry.index(), entry.term()), chain);
            check(
                    known == null || known == chain,
                    Property.LOG_MATCHING,
                    "the log of %s at %s of term %s, or before, is not what others have there",
                    node,
                    entry.index(),
                    entry.term());
        }
    }

    void cut(NodeId node, long fromIndex) {
        List<Long> log = logOf(node);
        log.subList((int) fromIndex - 1, log.size()).clear();
    }

    void diskCut(NodeId node, List<Entry> entries) {
        for (Entry entry : entries) {
            check(
                    entry.index() > committed.size()
                            || !committedAt(entry.index()).entry().equals(entry),
                    Property.COMMITTED_IS_NOT_CUT,
                    "%s cuts entry %s off its disk, which is committed",
                    node,
                    entry.index());
        }
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
        List<Long> log = logOf(node);
        check(upTo <= log.size(), Property.COMMITTED_STAYS, "%s commits %s of %s", node, upTo, log.size());
        for (long index = from + 1; index <= Math.min(upTo, log.size()); index++) {
            long chain = log.get((int) index - 1);
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
                committedFirst(by, by.log().entryAt(index), chain);
            }
        }
    }

    private void committedFirst(Shell by, Entry entry, long chain) {
        committed.add(new Committed(entry, chain, by.core().term()));
        check(
                entry.type() != EntryType.DATA || committedPayloads.add(entry.payload()),
                Property.COMMITTED_STAYS,
                "a value is committed for the second time, as entry %s",
                entry.index());
        long holders = world.voters().stream()
                .map(world.members::get)
                .filter(voter -> {
                    List<Entry> disk = voter == null ? List.of() : voter.log.synced();
                    return disk.size() >= entry.index()
                            && disk.get((int) entry.index() - 1).equals(entry);
                })
                .count();
        check(
                holders > world.scenario.size() / 2,
                Property.MAJORITY_DURABLE,
                "%s commits entry %s in term %s, which %s of %s voters have on disk",
                by.id(),
                entry.index(),
                by.core().term(),
                holders,
                world.scenario.size());
    }

    void applied(NodeId node, StateMachine state) {
        int i = (int) state.appliedIndex() - 1;
        if (i == applied.size()) {
            applied.add(state.hash());
        }
        check(
                i < applied.size() && applied.get(i) == state.hash(),
                Property.STATE_MACHINE_SAFETY,
                "%s applied something else up to %s",
                node,
                state.appliedIndex());
    }

    void acknowledged(long index, Payload payload) {
        Acknowledged done = new Acknowledged(index, payload);
        acknowledged.add(done);
        check(isKept(done), Property.ACKNOWLEDGED_STAYS, "the value acknowledged at %s is not committed there", index);
    }

    private boolean isKept(Acknowledged done) {
        return done.index() <= committed.size()
                && committedAt(done.index()).entry().payload().equals(done.payload());
    }

    long acknowledgedCount() {
        return acknowledged.size();
    }

    // -------------------------------------------------------------------------------------------------------- the end

    /** Whether these members have the same log, all of it committed and applied. */
    boolean areEqual(List<Shell> members) {
        return members.stream()
                .allMatch(shell -> logOf(shell.id()).equals(logOf(members.get(0).id()))
                        && shell.core().commitIndex() == shell.log().lastIndex()
                        && shell.appliedIndex() == shell.log().lastIndex());
    }

    /** Whatever was acknowledged, ever, is in the log of this member at its index. */
    void hasAllAcknowledged(Shell shell) {
        for (Acknowledged done : acknowledged) {
            check(
                    done.index() <= shell.log().lastIndex()
                            && shell.log().entryAt(done.index()).payload().equals(done.payload()),
                    Property.ACKNOWLEDGED_STAYS,
                    "the value acknowledged at %s is not in the log of %s",
                    done.index(),
                    shell.id());
        }
    }
}
