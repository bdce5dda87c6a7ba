package io.millrace.partition.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * One core with its surroundings played by the test: member 1 of a group of {@code voters}, at a time that only
 * {@link #elapse} moves. Logs are written as the terms of their entries: {@code 1, 1, 2} is two entries of term 1, then one of
 * term 2.
 */
final class CoreOnBench {
    static final NodeId SELF = new NodeId(1);
    static final RaftSettings SETTINGS = RaftSettings.DEFAULT;

    final RaftCore core;
    private long nowMillis = 10_000;

    private CoreOnBench(int voters, RaftSettings settings, HardState hardState, long... terms) {
        this(1, voters, settings, hardState, terms);
    }

    private CoreOnBench(int firstVoter, int lastVoter, RaftSettings settings, HardState hardState, long... terms) {
        TreeSet<NodeId> ids = new TreeSet<>();
        IntStream.rangeClosed(firstVoter, lastVoter).forEach(i -> ids.add(new NodeId(i)));
        core = new RaftCore(
                SELF,
                Configuration.founding(Membership.ofVoters(ids)),
                settings,
                hardState,
                history(terms),
                new Random(7),
                nowMillis);
    }

    static CoreOnBench follower(int voters, long... terms) {
        return follower(voters, SETTINGS, terms);
    }

    static CoreOnBench follower(int voters, RaftSettings settings, long... terms) {
        long term = LongStream.of(terms).max().orElse(0);
        return new CoreOnBench(voters, settings, new HardState(term, Optional.empty()), terms);
    }

    /** Member 1 is no voter; members 2, 3 and so on are. */
    static CoreOnBench learner(int voters) {
        return new CoreOnBench(2, voters + 1, SETTINGS, HardState.INITIAL);
    }

    /** A leader whose no-op is on all disks and committed. */
    static CoreOnBench settledLeader(int voters, long... terms) {
        CoreOnBench bench = leader(voters, terms);
        bench.allDurable();
        for (int i = 2; i <= voters; i++) {
            bench.allAccepted(i);
        }
        return bench;
    }

    static CoreOnBench restarted(int voters, HardState hardState, long... terms) {
        return new CoreOnBench(voters, SETTINGS, hardState, terms);
    }

    /** A leader of the term after that of its log's last entry; its no-op is not yet durable, nor sent to anybody. */
    static CoreOnBench leader(int voters, long... terms) {
        return leader(voters, SETTINGS, terms);
    }

    static CoreOnBench leader(int voters, RaftSettings settings, long... terms) {
        CoreOnBench bench = follower(voters, settings, terms);
        bench.winElection();
        return bench;
    }

    static TermHistory history(long... terms) {
        TermHistory history = TermHistory.empty();
        for (int i = 0; i < terms.length; i++) {
            history.append(entry(i + 1, terms[i]));
        }
        return history;
    }

    static Entry entry(long index, long term) {
        return new Entry(index, term, EntryType.DATA, Payload.wrap(new byte[] {(byte) index, (byte) term}));
    }

    static Entry configuration(long index, long term, Membership membership) {
        return new Entry(index, term, EntryType.CONFIGURATION, MembershipCodec.encode(membership));
    }

    static Membership voters(int... ids) {
        TreeSet<NodeId> voters = new TreeSet<>();
        IntStream.of(ids).forEach(id -> voters.add(node(id)));
        return Membership.ofVoters(voters);
    }

    static Payload payload(int sizeBytes) {
        return Payload.wrap(new byte[sizeBytes]);
    }

    static NodeId node(int id) {
        return new NodeId(id);
    }

    static LogPosition at(long index, long term) {
        return new LogPosition(index, term);
    }

    // ------------------------------------------------------------------------------------------------------- time

    /** As it stands with this leader. */
    RaftStatus.Peer statusOf(int peer) {
        return Objects.requireNonNull(core.status().peers().get(node(peer)));
    }

    Output elapse(long millis) {
        nowMillis += millis;
        return core.step(nowMillis, new Input.TimePassed());
    }

    Output timeOut() {
        return elapse(Math.max(0, core.deadlineMillis() - nowMillis));
    }

    /** Lets time pass without anybody looking. */
    void sleep(long millis) {
        nowMillis += millis;
    }

    long nowMillis() {
        return nowMillis;
    }

    // ------------------------------------------------------------------------------------------------------ inputs

    Output step(Input input) {
        return core.step(nowMillis, input);
    }

    Output receive(Message message) {
        return step(new Input.Received(message));
    }

    Output receiveAppend(int from, long term, LogPosition previous, long commitIndex, long... terms) {
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < terms.length; i++) {
            entries.add(entry(previous.index() + 1 + i, terms[i]));
        }
        return receive(new Message.AppendRequest(node(from), SELF, term, previous, entries, commitIndex));
    }

    Output receiveVoteRequest(int from, long term, LogPosition last) {
        return receive(new Message.VoteRequest(node(from), SELF, term, last));
    }

    Output receivePreVoteRequest(int from, long term, LogPosition last) {
        return receive(new Message.PreVoteRequest(node(from), SELF, term, last));
    }

    Output receiveVote(int from) {
        return receive(new Message.VoteResponse(node(from), SELF, core.term(), true));
    }

    Output receivePreVote(int from) {
        return receive(new Message.PreVoteResponse(node(from), SELF, core.term() + 1, true));
    }

    Output receiveAccepted(int from, long matchIndex) {
        return receive(new Message.AppendAccepted(node(from), SELF, core.term(), matchIndex));
    }

    Output receiveAccepted(int from, long matchIndex, long incarnation) {
        return receive(new Message.AppendAccepted(node(from), SELF, core.term(), matchIndex, incarnation));
    }

    Output receiveRejected(int from, long previousIndex, LogPosition hint, long incarnation) {
        return receive(new Message.AppendRejected(node(from), SELF, core.term(), previousIndex, hint, incarnation));
    }

    Output receiveRejected(int from, long previousIndex, LogPosition hint) {
        return receive(new Message.AppendRejected(node(from), SELF, core.term(), previousIndex, hint));
    }

    Output receiveConfiguration(int from, long term, LogPosition previous, long commitIndex, Membership membership) {
        Entry entry = configuration(previous.index() + 1, term, membership);
        return receive(new Message.AppendRequest(node(from), SELF, term, previous, List.of(entry), commitIndex));
    }

    /** What came of asking for a change. */
    Answer change(MembershipChange change) {
        return step(new Input.ChangeMembership(change)).answer().orElseThrow();
    }

    /** These say that they have all of the log. */
    Output allAccepted(int... from) {
        Output last = null;
        for (int member : from) {
            last = receiveAccepted(member, core.status().lastPosition().index());
        }
        return Objects.requireNonNull(last);
    }

    Membership membership() {
        return core.membership();
    }

    Output propose(int... payloadSizesBytes) {
        return step(new Input.Propose(
                core.term(),
                IntStream.of(payloadSizesBytes).mapToObj(CoreOnBench::payload).toList()));
    }

    /** All that was appended is on disk. */
    Output allDurable() {
        return step(new Input.Durable(core.logEpoch(), core.status().lastPosition()));
    }

    Output durable(long epoch, LogPosition position) {
        return step(new Input.Durable(epoch, position));
    }

    /** What was asked for is read and sent, up to this entry. */
    Output sent(Output.Replicate asked, long lastIndex, int sizeBytes) {
        return step(new Input.Sent(asked.to(), asked.term(), asked.firstIndex(), lastIndex, sizeBytes));
    }

    void winElection() {
        step(new Input.Campaign());
        int voters = core.status().membership().voters().size();
        for (int i = 2; i <= voters && core.status().role() == Role.PRE_CANDIDATE; i++) {
            receivePreVote(i);
        }
        for (int i = 2; i <= voters && core.status().role() == Role.CANDIDATE; i++) {
            receiveVote(i);
        }
        assertThat(core.status().role()).isEqualTo(Role.LEADER);
    }

    Role role() {
        return core.status().role();
    }

    /** What the leader knows of this member. */
    RaftStatus.Peer peer(int id) {
        return Objects.requireNonNull(core.status().peers().get(node(id)));
    }

    static <M extends Message> List<M> messages(Output output, Class<M> type) {
        return output.messages().stream()
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    /** The only message. */
    static Message reply(Output output) {
        assertThat(output.messages()).hasSize(1);
        return output.messages().get(0);
    }

    /** What is asked to be read for this member. */
    static Output.Replicate askedFor(Output output, int to) {
        return output.replicate().stream()
                .filter(asked -> asked.to().equals(node(to)))
                .findFirst()
                .orElseThrow(() -> new AssertionError("nothing to be sent to " + to + " in " + output));
    }

    static Optional<Output.Replicate> maybeAskedFor(Output output, int to) {
        return output.replicate().stream()
                .filter(asked -> asked.to().equals(node(to)))
                .findFirst();
    }
}
