package io.millrace.partition.sim;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.raft.Configuration;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.PlantedRules;
import io.millrace.partition.raft.RaftCore;
import io.millrace.partition.raft.RaftSettings;
import io.millrace.partition.raft.TermHistory;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * The simulator finds what it is there to find. Every bug is one that somebody has shipped. Each is hunted twice: with all
 * checks, and with only those that a user would notice, so that the checks of last resort are tried as well.
 */
@Execution(ExecutionMode.CONCURRENT)
class PlantedBugsTest {
    private static final int EVENTS = 4_000;
    private static final int SEEDS = Integer.getInteger("millrace.sim.bugs.seeds", 1_000);

    /** Normally a hunt ends with the first seed that finds the bug. */
    private static final boolean ALL_SEEDS = Boolean.getBoolean("millrace.sim.bugs.all");

    static final Set<Property> NOTICED_BY_NO_USER = EnumSet.of(
            Property.TERM_RISES,
            Property.ONE_VOTE_A_TERM,
            Property.MAJORITY_DURABLE,
            Property.COMMITTED_IS_NOT_CUT,
            Property.CHANGES_IN_TURN,
            Property.CONFIGURATION_OF_LOG,
            Property.MESSAGES_ARE_TRUE,
            Property.ELECTED_BY_MAJORITY,
            Property.COMMITS_BY_OWN_TERM,
            Property.LEADER_HEARS_MAJORITY,
            Property.DISK_KEEPS);

    record PlantedBug(String name, Conduct conduct) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** Two leaders of one term need three rare things at once: one in thousands of seeds. */
    private static final String SEEN_FROM_INSIDE_ONLY = "a vote is forgotten in a crash";

    /** Ongaro's correction of 2015: a group of four, three leaders, and two changes, each at the right moment. */
    private static final String TWO_LEADERS_CHANGE =
            "a leader changes the membership before an entry of its term is committed";

    static final List<PlantedBug> BUGS = List.of(
            new PlantedBug("messages leave before the hard state is durable", new Conduct() {
                @Override
                boolean waitsForHardState() {
                    return false;
                }
            }),
            new PlantedBug(SEEN_FROM_INSIDE_ONLY, new Conduct() {
                @Override
                HardState recovered(HardState durable) {
                    return new HardState(
                            durable.term(),
                            Optional.empty(),
                            durable.incarnation(),
                            durable.recovering(),
                            durable.configurations());
                }
            }),
            new PlantedBug("entries are reported durable before they are synced", new Conduct() {
                @Override
                boolean reportsBeforeSync() {
                    return true;
                }
            }),
            new PlantedBug("a sync does nothing", new Conduct() {
                @Override
                boolean syncs() {
                    return false;
                }
            }),
            new PlantedBug("a cut does not reach the disk", new Conduct() {
                @Override
                OptionalLong cut(OptionalLong truncateFrom) {
                    return OptionalLong.empty();
                }
            }),
            new PlantedBug("entries that were cut off are reported durable", new Conduct() {
                @Override
                Input.Durable reported(Shell shell, Input.Durable durable) {
                    return new Input.Durable(shell.core().logEpoch(), durable.position());
                }
            }),
            new PlantedBug("a payload changes on its way, rarely", new Conduct() {
                @Override
                Message incoming(Shell shell, Message message) {
                    return message instanceof Message.AppendRequest append
                                    && append.previous().index() % 50 == 7
                            ? withFirstPayloadChanged(append)
                            : message;
                }
            }),
            new PlantedBug("a state machine applies what is not committed", new Conduct() {
                @Override
                long applyUpTo(long commitIndex, long lastIndex) {
                    return lastIndex;
                }
            }),
            new PlantedBug("a client hears of success once the leader has its entry", new Conduct() {
                @Override
                boolean acknowledgesWhenAppended() {
                    return true;
                }
            }),
            new PlantedBug("a client hears of success once its index is committed, by whomever", new Conduct() {
                @Override
                boolean abandonsWhenDeposed() {
                    return false;
                }
            }),
            new PlantedBug("a leader serves before its own first entry is committed", new Conduct() {
                @Override
                boolean servesOnlyAfterOwnEntry() {
                    return false;
                }
            }),
            new PlantedBug("offsets go on from what is committed, not from the end of the log", new Conduct() {
                @Override
                long firstOffset(long logEndOffset, long highWatermark) {
                    return highWatermark;
                }

                @Override
                boolean servesOnlyAfterOwnEntry() {
                    return false;
                }
            }),
            new PlantedBug("entries are applied out of order", new Conduct() {
                @Override
                List<Entry> applied(List<Entry> entries) {
                    List<Entry> applied = new ArrayList<>(entries);
                    if (applied.size() > 2) {
                        Entry first = applied.get(0);
                        Entry second = applied.get(1);
                        applied.set(0, new Entry(first.index(), second.term(), second.type(), second.payload()));
                        applied.set(1, new Entry(second.index(), first.term(), first.type(), first.payload()));
                    }
                    return applied;
                }
            }),
            new PlantedBug("entries that were read late are sent by who leads no longer", new Conduct() {
                @Override
                boolean maySend(boolean leadsInTermOfRead) {
                    return true;
                }
            }),
            new PlantedBug("a vote is given whatever the candidate's log", new Conduct() {
                @Override
                Message incoming(Shell shell, Message message) {
                    LogPosition best = new LogPosition(Long.MAX_VALUE, Long.MAX_VALUE);
                    if (message instanceof Message.VoteRequest vote) {
                        return new Message.VoteRequest(vote.from(), vote.to(), vote.term(), best);
                    } else if (message instanceof Message.PreVoteRequest vote) {
                        return new Message.PreVoteRequest(vote.from(), vote.to(), vote.term(), best);
                    }
                    return message;
                }
            }),
            new PlantedBug("entries are appended whatever is before them", new Conduct() {
                @Override
                Message incoming(Shell shell, Message message) {
                    return message instanceof Message.AppendRequest append
                                    && append.previous().index() >= 1
                                    && append.previous().index() <= shell.lastIndex()
                            ? withPrevious(
                                    append,
                                    shell.entryAt(append.previous().index()).position())
                            : message;
                }
            }),
            new PlantedBug("a follower claims all of its log, not only what agrees with the leader's", new Conduct() {
                @Override
                Message outgoing(Shell shell, Message message) {
                    return message instanceof Message.AppendAccepted accepted
                            ? new Message.AppendAccepted(
                                    accepted.from(),
                                    accepted.to(),
                                    accepted.term(),
                                    Math.max(accepted.matchIndex(), shell.member.disk.syncedCount()),
                                    accepted.incarnation())
                            : message;
                }
            }),
            new PlantedBug("learners count for the quorum", new Conduct() {
                @Override
                Message incoming(Shell shell, Message message) {
                    Membership present = shell.core().membership();
                    NodeId someVoter = present.voters().stream()
                            .filter(voter -> !voter.equals(shell.id()))
                            .findFirst()
                            .orElse(shell.id());
                    if (message instanceof Message.AppendAccepted accepted
                            && present.learners().contains(message.from())) {
                        shell.deliver(new Input.Received(new Message.AppendAccepted(
                                someVoter,
                                accepted.to(),
                                accepted.term(),
                                accepted.matchIndex(),
                                present.incarnationOf(someVoter))));
                    }
                    return message;
                }
            }),
            new PlantedBug("a member that lost its disk votes at once", new Conduct() {
                @Override
                HardState rebuilt(HardState anew) {
                    return new HardState(anew.term(), anew.vote(), anew.incarnation(), false, List.of());
                }
            }),
            new PlantedBug(TWO_LEADERS_CHANGE, new Conduct() {
                @Override
                RaftCore core(
                        NodeId self,
                        Configuration atStart,
                        RaftSettings settings,
                        HardState hardState,
                        TermHistory log,
                        Random random,
                        long nowMillis) {
                    return PlantedRules.changingTooEarly(self, atStart, settings, hardState, log, random, nowMillis);
                }
            }),
            new PlantedBug("nobody is told that an append was rejected", new Conduct() {
                @Override
                boolean sends(Message message) {
                    return !(message instanceof Message.AppendRejected);
                }
            }),
            new PlantedBug("a leader lets read without asking whether it still leads", new Conduct() {
                @Override
                boolean confirmsLeadership() {
                    return false;
                }
            }),
            new PlantedBug("a lease is measured with a clock that stands still in a pause", new Conduct() {
                @Override
                boolean clockCountsPauses() {
                    return false;
                }
            }),
            new PlantedBug("who sleeps is not told that its leader is gone", new Conduct() {
                @Override
                boolean detectsFailures() {
                    return false;
                }
            }),
            new PlantedBug("nobody hears the answer to a pre-vote", new Conduct() {
                @Override
                boolean sends(Message message) {
                    return !(message instanceof Message.PreVoteResponse);
                }
            }));

    static final List<PlantedBug> NOTICEABLE_BUGS = BUGS.stream()
            .filter(bug ->
                    !bug.name().equals(SEEN_FROM_INSIDE_ONLY) && !bug.name().equals(TWO_LEADERS_CHANGE))
            .toList();

    private static Message withFirstPayloadChanged(Message.AppendRequest append) {
        List<Entry> entries = new ArrayList<>(append.entries());
        if (!entries.isEmpty()) {
            Entry first = entries.get(0);
            byte[] bytes = first.payload().toByteArray();
            if (bytes.length > 0) {
                bytes[bytes.length - 1] ^= 1;
            }
            entries.set(0, new Entry(first.index(), first.term(), first.type(), Payload.wrap(bytes)));
        }
        return new Message.AppendRequest(
                append.from(), append.to(), append.term(), append.previous(), entries, append.commitIndex());
    }

    private static Message withPrevious(Message.AppendRequest append, LogPosition previous) {
        return new Message.AppendRequest(
                append.from(), append.to(), append.term(), previous, append.entries(), append.commitIndex());
    }

    @ParameterizedTest(name = "{0}")
    @FieldSource("BUGS")
    void isFoundByTheChecksOfEveryStep(PlantedBug bug) {
        assertThat(hunt(bug, Set.of()))
                .as("what found it within %s seeds", SEEDS)
                .isNotEmpty();
    }

    @ParameterizedTest(name = "{0}")
    @FieldSource("NOTICEABLE_BUGS")
    void isFoundByWhatUsersWouldNotice(PlantedBug bug) {
        assertThat(hunt(bug, NOTICED_BY_NO_USER))
                .as("what found it within %s seeds", SEEDS)
                .isNotEmpty();
    }

    private static Map<Property, Integer> hunt(PlantedBug bug, Set<Property> unchecked) {
        Map<Property, Integer> found = new EnumMap<>(Property.class);
        long seed = 0;
        while (seed < SEEDS && (found.isEmpty() || ALL_SEEDS)) {
            try {
                SimulatedCluster cluster = new SimulatedCluster(
                        Scenario.ofSeed(++seed), bug.conduct(), unchecked, StateMachine::ofPartition);
                cluster.run(EVENTS);
                cluster.heal();
            } catch (SimulationFailure e) {
                found.merge(e.property(), 1, Integer::sum);
            }
        }
        String by = unchecked.isEmpty() ? "" : ", by what users would notice";
        System.out.printf("%s%s: %s in %d seeds%n", bug, by, found, seed);
        return found;
    }
}
