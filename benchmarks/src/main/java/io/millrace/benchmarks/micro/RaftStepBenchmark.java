package io.millrace.benchmarks.micro;

import io.millrace.partition.raft.Configuration;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Output;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.RaftCore;
import io.millrace.partition.raft.RaftSettings;
import io.millrace.partition.raft.TermHistory;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** All steps that one entry takes in a group of three, without disk and network. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class RaftStepBenchmark {
    private static final NodeId ONE = new NodeId(1);
    private static final NodeId TWO = new NodeId(2);
    private static final NodeId THREE = new NodeId(3);
    private static final long NOW_MILLIS = 1;
    private static final Payload PAYLOAD = Payload.wrap(new byte[1_024]);

    private RaftCore leader = core(ONE);
    private RaftCore follower = core(TWO);

    private static RaftCore core(NodeId self) {
        Configuration founding = Configuration.founding(Membership.ofVoters(new TreeSet<>(List.of(ONE, TWO, THREE))));
        return new RaftCore(
                self,
                founding,
                RaftSettings.DEFAULT,
                HardState.INITIAL,
                TermHistory.empty(),
                new Random(1),
                NOW_MILLIS);
    }

    /** Member 1 leads, member 2 follows it; both have its first entry. */
    @Setup
    public void elect() {
        leader = core(ONE);
        leader.step(NOW_MILLIS, new Input.Campaign());
        leader.step(NOW_MILLIS, new Input.Received(new Message.PreVoteResponse(TWO, ONE, 1, true)));
        Output elected =
                leader.step(NOW_MILLIS, new Input.Received(new Message.VoteResponse(TWO, ONE, leader.term(), true)));
        if (!leader.isLeaderIn(leader.term())) {
            throw new IllegalStateException("not elected: " + leader.status());
        }
        replicate(elected);
        follower = core(TWO);
        append(EntryType.NOOP);
    }

    /** The leader: proposed, sent to both, on its own disk, acknowledged by both, thus committed. */
    @Benchmark
    public long leaderCommits() {
        long before = leader.commitIndex();
        replicate(leader.step(NOW_MILLIS, new Input.Propose(leader.term(), List.of(PAYLOAD))));
        if (leader.commitIndex() != before + 1) {
            throw new IllegalStateException("not committed: " + leader.status());
        }
        return leader.commitIndex();
    }

    private void replicate(Output output) {
        for (Output.Replicate asked : output.replicate()) {
            Message.AppendRequest request = leader.appendRequest(asked, output.append());
            long last = request.previous().index() + request.entries().size();
            leader.step(
                    NOW_MILLIS,
                    new Input.Sent(asked.to(), asked.term(), asked.firstIndex(), last, PAYLOAD.sizeBytes()));
        }
        LogPosition end = leader.status().lastPosition();
        leader.step(NOW_MILLIS, new Input.Durable(leader.logEpoch(), end));
        for (NodeId member : List.of(TWO, THREE)) {
            leader.step(
                    NOW_MILLIS,
                    new Input.Received(new Message.AppendAccepted(member, ONE, leader.term(), end.index())));
        }
    }

    /** The follower: received, on its disk, acknowledged. */
    @Benchmark
    public Output followerAppends() {
        return append(EntryType.DATA);
    }

    private Output append(EntryType type) {
        LogPosition previous = follower.status().lastPosition();
        Entry entry = new Entry(previous.index() + 1, 1, type, PAYLOAD);
        follower.step(
                NOW_MILLIS,
                new Input.Received(new Message.AppendRequest(ONE, TWO, 1, previous, List.of(entry), previous.index())));
        return follower.step(NOW_MILLIS, new Input.Durable(follower.logEpoch(), entry.position()));
    }
}
