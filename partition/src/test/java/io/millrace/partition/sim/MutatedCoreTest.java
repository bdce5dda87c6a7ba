package io.millrace.partition.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.sim.MutatedSources.Patch;
import java.io.IOException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * The simulator finds mistakes in the code that it is there to test: each bug is a line of the real core, log or state
 * changed to what somebody might well have written. {@code docs/simulation.md} has the table.
 */
@Execution(ExecutionMode.CONCURRENT)
class MutatedCoreTest {
    private static final int STEPS = 4_000;

    /** The bug counts as found only within so many. */
    private static final int SEEDS = Integer.getInteger("millrace.sim.bugs.seeds", 1_000);

    private static final String CORE = "io.millrace.partition.raft.RaftCore";
    private static final String MEMBER_LOG = "io.millrace.partition.raft.MemberLog";
    private static final String LEADERSHIP = "io.millrace.partition.raft.Leadership";
    private static final String PROGRESS = "io.millrace.partition.raft.Progress";
    private static final String QUORUM = "io.millrace.partition.raft.Quorum";
    private static final String LOG = "io.millrace.partition.log.SegmentedLog";
    private static final String RECOVERY = "io.millrace.partition.log.LogRecovery";
    private static final String FOLD = "io.millrace.partition.log.SnapshotFold";
    private static final String CACHE = "io.millrace.partition.replica.CachedLog";
    private static final String OFFSETS = "io.millrace.partition.state.PartitionOffsets";

    record Mutant(String name, List<Patch> patches) {
        /** In the class last named, one text for another; again and again. */
        static Mutant of(String name, String className, String... originalsAndReplacements) {
            List<Patch> patches = new ArrayList<>();
            for (int i = 0; i < originalsAndReplacements.length; i += 2) {
                patches.add(new Patch(className, originalsAndReplacements[i], originalsAndReplacements[i + 1]));
            }
            return new Mutant(name, patches);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static final List<Mutant> MUTANTS = List.of(
            Mutant.of(
                    "a member votes twice in a term",
                    CORE,
                    "&& (hardState.vote().isEmpty() || hardState.vote().get().equals(request.from()))",
                    ""),
            Mutant.of(
                    "a vote is not persisted",
                    CORE,
                    "persist(hardState.votingFor(request.from()));",
                    "hardState = hardState.votingFor(request.from());"),
            Mutant.of(
                    "a candidate's vote for itself is not persisted",
                    CORE,
                    "persist(hardState.inTerm(hardState.term() + 1).votingFor(self));",
                    "persist(hardState.inTerm(hardState.term() + 1));"),
            Mutant.of(
                    "a vote does not depend on the candidate's log",
                    CORE,
                    "&& request.lastPosition().isAtLeastAsUpToDateAs(log.last()); // §3.6.1",
                    ";",
                    "&& request.lastPosition().isAtLeastAsUpToDateAs(log.last())",
                    ""),
            Mutant.of(
                    "votes of an earlier term are counted",
                    CORE,
                    "role == Role.CANDIDATE && response.term() == hardState.term() && response.granted()",
                    "role == Role.CANDIDATE && response.granted()"),
            Mutant.of("half of the voters are a majority", QUORUM, "count > of.size() / 2", "count >= of.size() / 2.0"),
            Mutant.of(
                    "entries count as committed that half of the voters have",
                    QUORUM,
                    "values[(values.length - 1) / 2]",
                    "values[values.length / 2]"),
            Mutant.of(
                    "an old term's entry is committed by counting",
                    CORE,
                    "reached > log.commitIndex() && log.terms().termAt(reached) == hardState.term()",
                    "reached > log.commitIndex()"),
            Mutant.of(
                    "entries of a deposed leader are appended",
                    CORE,
                    "if (request.term() < hardState.term()) {",
                    "if (request.term() < 0) {"),
            Mutant.of(
                    "a follower acknowledges before its disk has the entries",
                    CORE,
                    "request.entries().isEmpty() || log.durableIndex() >= request.lastIndex()",
                    "true",
                    "hardState.term(), log.acknowledgedIndex()",
                    "hardState.term(), log.verifiedIndex()"),
            Mutant.of(
                    "a leader counts itself before its disk has the entries",
                    CORE,
                    "leadership.majorityMatch(log.durableIndex())",
                    "leadership.majorityMatch(log.lastIndex())"),
            Mutant.of(
                    "a conflicting entry stays",
                    MEMBER_LOG,
                    "                truncateFrom(entry.index(), out);\n",
                    "                continue;\n"),
            Mutant.of(
                    "a batch that is resent after a newer one cuts the newer one off",
                    MEMBER_LOG,
                    "if (terms.termAt(entry.index()) == entry.term()) {",
                    "if (entry.index() < entries.get(entries.size() - 1).index() - 1000) {",
                    "index > verifiedIndex, \"the leader",
                    "true, \"the leader"),
            Mutant.of(
                    "a follower commits what its log has beyond the leader's message",
                    CORE,
                    "Math.min(request.commitIndex(), log.verifiedIndex())",
                    "Math.min(request.commitIndex(), log.lastIndex())"),
            new Mutant(
                    "what agreed with an earlier leader counts as agreeing with this one",
                    List.of(
                            new Patch(
                                    CORE,
                                    "        votes.clear();\n        log.nothingVerified();\n",
                                    "        votes.clear();\n"),
                            new Patch(MEMBER_LOG, "index > verifiedIndex, \"the leader", "true, \"the leader"))),
            Mutant.of(
                    "a leader does not step down without a majority",
                    CORE,
                    "leadership.hasLostQuorum(nowMillis)",
                    "leadership.hasLostQuorum(nowMillis) && nowMillis < 0"),
            Mutant.of(
                    "a heartbeat is answered only when the disk has everything",
                    CORE,
                    "request.entries().isEmpty() || log.durableIndex()",
                    "log.durableIndex()"),
            Mutant.of(
                    "the window of what is on its way has no limit",
                    PROGRESS,
                    ": inflight.size() < settings.inflightMessagesMax() && inflightBytes < settings.inflightBytesMax();",
                    ": true;"),
            Mutant.of(
                    "learners count for the quorum",
                    LEADERSHIP,
                    "                membership.voters(), voter -> voter.equals(self)",
                    "                others(membership).isEmpty() ? membership.voters() : withSelf(), voter -> voter.equals(self)",
                    "    private long matchIndexOf(",
                    "    private java.util.Set<NodeId> withSelf() { var all = others(membership); all.add(self); return all; }\n\n    private long matchIndexOf("),
            Mutant.of(
                    "the log's cut does not reach the disk before it is reported",
                    LOG,
                    "        writer.cutAtEnd();\n        writer.force();\n        if (promised)",
                    "        writer.cutAtEnd();\n        if (promised)"),
            Mutant.of(
                    "a full segment is not forced before the next one begins",
                    LOG,
                    "        writer.cutAtEnd();\n        writer.force();\n        durableIndex = full",
                    "        writer.cutAtEnd();\n        durableIndex = full"),
            Mutant.of(
                    "truncating what was promised leaves no note of the intention",
                    LOG,
                    "boolean promised = index <= durableIndex;",
                    "boolean promised = false;"),
            Mutant.of(
                    "a new segment's name is not forced",
                    RECOVERY,
                    "            file.force();\n            storage.syncDirectory();\n            return new SegmentWriter",
                    "            file.force();\n            return new SegmentWriter"),
            Mutant.of(
                    "recovery trusts what it reads back after a failed fsync",
                    RECOVERY,
                    "if (provenDurable < segment.last().index()) {",
                    "if (provenDurable < 0) {"),
            Mutant.of(
                    "recovery leaves a torn tail behind the last good frame",
                    RECOVERY,
                    "            writer.cutAtEnd();\n            changed = true;\n",
                    "            changed = true;\n"),
            new Mutant(
                    "a snapshot drops a committed tail: it takes the place of a log that has its position",
                    List.of(
                            new Patch(
                                    CORE,
                                    "if (log.agreesAt(request.snapshot().position())) {",
                                    "if (request.offset() < 0) {"),
                            new Patch(MEMBER_LOG, "!agreesAt(position), \"a log", "true, \"a log"))),
            new Mutant(
                    "a log is trimmed beyond what is committed",
                    List.of(
                            new Patch(
                                    MEMBER_LOG,
                                    "return Math.min(index, Math.min(commitIndex, durableIndex));",
                                    "return durableIndex;"),
                            new Patch(MEMBER_LOG, "newStart.index() <= commitIndex, \"the log", "true, \"the log"))),
            Mutant.of(
                    "a snapshot is acknowledged before it is on disk",
                    MEMBER_LOG,
                    "        durableIndex = 0;\n        epoch++;",
                    "        durableIndex = position.index();\n        epoch++;"),
            Mutant.of(
                    "the old log's disk speaks for a snapshot",
                    MEMBER_LOG,
                    "        durableIndex = 0;\n        epoch++;",
                    "        durableIndex = Math.min(durableIndex, position.index());"),
            Mutant.of(
                    "what a snapshot says of the members is not heard",
                    MEMBER_LOG,
                    "configurations.restartAt(snapshot.configuration());",
                    ""),
            Mutant.of(
                    "a snapshot is made of all but the last entry before it",
                    FOLD,
                    "                stateMachine.apply(entry);\n",
                    "if (entry.index() < position.index()) { stateMachine.apply(entry); }"),
            Mutant.of(
                    "a snapshot forgets the one before",
                    FOLD,
                    "            configuration = start.configuration();\n",
                    ""),
            Mutant.of(
                    "segments go before the snapshot that stands for them is on disk",
                    LOG,
                    "        SnapshotFile.write(storage, snapshot);\n        publish",
                    "        publish"),
            Mutant.of(
                    "recovery drops segments for a snapshot that can only be read",
                    RECOVERY,
                    "            SnapshotFile.rewrite(storage, SnapshotFile.nameOf(headers.get(start).previous()));\n",
                    ""),
            Mutant.of(
                    "nothing is sent to who needs what was trimmed",
                    LEADERSHIP,
                    "            sendSnapshot(peer, progress, out);\n",
                    ""),
            Mutant.of(
                    "a piece of a snapshot that is lost is never sent again",
                    PROGRESS,
                    "        snapshotUnanswered = nowMillis - lastHeardMillis > settings.electionTimeoutMillisMin();\n",
                    ""),
            Mutant.of(
                    "reads go to the files for what is not there yet",
                    CACHE,
                    "        cache.keepFrom(index + 1);\n",
                    ""),
            Mutant.of(
                    "a cut leaves the offset counter where it was",
                    OFFSETS,
                    "marks.getLast().index() >= fromIndex",
                    "marks.getLast().index() > fromIndex"));

    @ParameterizedTest(name = "{0}")
    @FieldSource("MUTANTS")
    void isFound(Mutant mutant) throws IOException, ReflectiveOperationException {
        ClassLoader mutated = MutatedSources.with(mutant.patches());
        Method hunt = mutated.loadClass(BugHunt.class.getName()).getMethod("hunt", long.class, long.class);
        Object found = hunt.invoke(null, SEEDS, STEPS);
        System.out.printf("%s: %s%n", mutant, found);
        assertThat(found).as("what finds it within %s seeds", SEEDS).isNotNull();
    }
}
