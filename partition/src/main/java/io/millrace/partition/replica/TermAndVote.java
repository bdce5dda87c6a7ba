package io.millrace.partition.replica;

import io.millrace.partition.raft.Configuration;
import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.Membership.Standing;
import io.millrace.partition.raft.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * {@link HardState} as it lies in the journal: both the event (it became this) and the state.
 *
 * @param vote a broker id; null for none
 * @param incarnation 0 in journals that were written before there was any
 * @param configurations null in such journals
 */
record TermAndVote(
        long term, @Nullable Integer vote, long incarnation, boolean recovering, @Nullable List<Noted> configurations)
        implements ControlMessage {

    /** A configuration, and its entry's position. */
    record Noted(long index, long term, List<NotedMember> members) {}

    /** @param standing the name of a {@link Standing} */
    record NotedMember(int broker, String standing, long incarnation) {}

    static TermAndVote of(HardState state) {
        return new TermAndVote(
                state.term(),
                state.vote().map(NodeId::value).orElse(null),
                state.incarnation(),
                state.recovering(),
                state.configurations().stream().map(TermAndVote::note).toList());
    }

    private static Noted note(Configuration configuration) {
        List<NotedMember> members = configuration.membership().members().entrySet().stream()
                .map(member -> new NotedMember(
                        member.getKey().value(),
                        member.getValue().standing().name(),
                        member.getValue().incarnation()))
                .toList();
        return new Noted(
                configuration.position().index(), configuration.position().term(), members);
    }

    HardState toHardState() {
        return new HardState(
                term,
                Optional.ofNullable(vote).map(NodeId::new),
                incarnation,
                recovering,
                configurations == null
                        ? List.of()
                        : configurations.stream()
                                .map(TermAndVote::toConfiguration)
                                .toList());
    }

    private static Configuration toConfiguration(Noted noted) {
        TreeMap<NodeId, Membership.Member> members = new TreeMap<>();
        for (NotedMember member : noted.members()) {
            members.put(
                    new NodeId(member.broker()),
                    new Membership.Member(Standing.valueOf(member.standing()), member.incarnation()));
        }
        return new Configuration(new LogPosition(noted.index(), noted.term()), new Membership(members));
    }
}
