package io.millrace.partition.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.raft.Membership.Standing;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class RelocationTest {
    private static final int NODES = 7;
    private static final int STEPS_MAX = 100;

    @Test
    void aReplicaIsReplacedByAnother() {
        Walk walk = new Walk(1, voters(1, 2, 3), 1, 2, 4);
        assertThat(walk.toItsEnd())
                .containsExactly("add 4", "1, 2, 3, 4 learner", "promote 4", "1, 2, 3, 4", "remove 3", "1, 2, 4");
    }

    @Test
    void allOfThemAreReplacedByOthersAndNeverAreThereMoreThanOneTooMany() {
        Walk walk = new Walk(1, voters(1, 2, 3), 4, 5, 6);
        assertThat(walk.toItsEnd().stream().filter(line -> !line.contains(",")))
                .containsExactly(
                        "add 4",
                        "promote 4",
                        "remove 2",
                        "add 5",
                        "promote 5",
                        "remove 3",
                        "add 6",
                        "promote 6",
                        "hand over",
                        "remove 1");
    }

    @Test
    void whoIsAwayGoesFirst() {
        Walk walk = new Walk(1, voters(1, 2, 3), 4, 5, 6);
        walk.away.add(node(3));
        assertThat(walk.toItsEnd()).contains("remove 3", "remove 2").containsSubsequence("remove 3", "remove 2");
    }

    @Test
    void nobodyGoesIfThoseWhoStayCouldNotCommitIt() {
        Walk walk = new Walk(1, voters(1, 2, 3), 1, 2);
        walk.away.add(node(2));
        assertThat(walk.step()).isEmpty();
        walk.away.clear();
        assertThat(walk.toItsEnd()).containsExactly("remove 3", "1, 2");
    }

    @Test
    void aNewcomerThatIsAwayHoldsTheOthersNotUp() {
        Walk walk = new Walk(1, voters(1, 2, 3), 4, 5, 6);
        walk.away.add(node(4));
        assertThat(walk.toItsEnd()).contains("promote 5", "promote 6").doesNotContain("promote 4");
        assertThat(walk.present.toString()).isEqualTo("1, 4 learner, 5, 6");
    }

    @Test
    void whatWasBegunForAnEarlierTargetIsUndone() {
        Walk walk = new Walk(1, voters(1, 2, 3).with(node(4), Standing.LEARNER, 0), 1, 2, 3);
        assertThat(walk.toItsEnd()).containsExactly("remove 4", "1, 2, 3");
    }

    @Test
    void aSingleReplicaMovesByLeadingFromTheOtherSide() {
        Walk walk = new Walk(1, voters(1), 2);
        assertThat(walk.toItsEnd())
                .containsExactly("add 2", "1, 2 learner", "promote 2", "1, 2", "hand over", "remove 1", "2");
        assertThat(walk.leader).isEqualTo(node(2));
    }

    @Property(tries = 2_000)
    void anyGroupGetsThereWhateverHappensOnTheWay(@ForAll long seed) {
        Random random = new Random(seed);
        NavigableSet<NodeId> first = some(random);
        Membership present = Membership.ofVoters(first);
        for (NodeId stray : some(random)) {
            if (random.nextInt(4) == 0 && !present.contains(stray)) {
                present = present.with(stray, Standing.LEARNER, 0);
            }
        }
        Walk walk = new Walk(first.first().value(), present);
        walk.target.addAll(some(random));

        for (int i = 0; i < 20; i++) {
            if (random.nextInt(8) == 0) { // the controller has thought better of it
                walk.target.clear();
                walk.target.addAll(some(random));
                walk.most = Math.max(walk.most, walk.present.voters().size());
                walk.least = Math.min(walk.least, walk.present.voters().size());
            }
            NodeId any = node(1 + random.nextInt(NODES));
            if (random.nextBoolean()) {
                walk.away.remove(any);
            } else if (walk.canDoWithout(any)) {
                walk.away.add(any);
            }
            walk.step();
        }
        walk.away.clear();
        walk.toItsEnd();
        assertThat(walk.present).isEqualTo(Membership.ofVoters(walk.target));
        assertThat(walk.target).contains(walk.leader);
    }

    private static NavigableSet<NodeId> some(Random random) {
        NavigableSet<NodeId> some = new TreeSet<>();
        int count = 1 + random.nextInt(5);
        while (some.size() < count) {
            some.add(node(1 + random.nextInt(NODES)));
        }
        return some;
    }

    /** A group on its way. A newcomer has caught up when it was asked for once. */
    private static final class Walk implements Relocation.Peers {
        final NavigableSet<NodeId> target = new TreeSet<>();
        final Set<NodeId> away = new TreeSet<>();
        Membership present;
        NodeId leader;
        int least;
        int most;

        Walk(int leader, Membership present, int... target) {
            this.leader = node(leader);
            this.present = present;
            for (int node : target) {
                this.target.add(node(node));
            }
            this.least = present.voters().size();
            this.most = present.voters().size();
        }

        List<String> toItsEnd() {
            List<String> story = new ArrayList<>();
            for (int i = 0; i < STEPS_MAX; i++) {
                Optional<String> step = step();
                if (step.isEmpty()) {
                    return story;
                }
                story.add(step.get());
                if (!step.get().equals("hand over")) {
                    story.add(present.toString());
                }
            }
            throw new AssertionError("no end to " + story);
        }

        Optional<String> step() {
            least = Math.min(least, target.size());
            most = Math.max(most, target.size() + 1);
            Optional<Relocation.Step> next = Relocation.next(present, leader, target, this);
            assertThat(Relocation.isDone(present, target) && next.isPresent()).isFalse();
            return next.map(this::take);
        }

        private String take(Relocation.Step step) {
            if (step instanceof Relocation.Change change) {
                assertThat(change.change().refusal(present)).isEmpty();
                present = change.change().applyTo(present);
                assertThat(present.isVoter(leader)).isTrue();
                assertThat(hasMajorityWithout(Set.of()))
                        .as("it can be committed")
                        .isTrue();
                assertThat(present.voters()).hasSizeBetween(least, most);
                return change.change()
                                .getClass()
                                .getSimpleName()
                                .replace("Learner", "")
                                .toLowerCase(java.util.Locale.ROOT)
                        + " " + change.change().node();
            }
            leader = present.voters().stream()
                    .filter(node -> target.contains(node) && hasCaughtUp(node))
                    .findFirst()
                    .orElseThrow();
            return "hand over";
        }

        boolean canDoWithout(NodeId node) {
            return !node.equals(leader) && hasMajorityWithout(Set.of(node));
        }

        private boolean hasMajorityWithout(Set<NodeId> others) {
            List<NodeId> atHand = present.voters().stream()
                    .filter(node -> !away.contains(node) && !others.contains(node))
                    .toList();
            return Quorum.isMajority(present.voters(), atHand);
        }

        @Override
        public boolean hasCaughtUp(NodeId node) {
            return !away.contains(node);
        }

        @Override
        public boolean isSilent(NodeId node) {
            return away.contains(node);
        }
    }

    private static Membership voters(int... ids) {
        return CoreOnBench.voters(ids);
    }

    private static NodeId node(int id) {
        return new NodeId(id);
    }
}
