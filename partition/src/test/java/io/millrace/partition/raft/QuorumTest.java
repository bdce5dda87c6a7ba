package io.millrace.partition.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

/** Arithmetic of majorities, against counting. */
class QuorumTest {

    @Property
    void aMajorityHasReachedTheValueAndNoMajorityALargerOne(
            @ForAll @Size(min = 1, max = 9) List<@LongRange(min = 0, max = 20) Long> reached) {
        TreeMap<NodeId, Long> byNode = new TreeMap<>();
        for (int i = 0; i < reached.size(); i++) {
            byNode.put(new NodeId(i), reached.get(i));
        }
        long value = Quorum.reachedByMajority(byNode.navigableKeySet(), node -> byNode.getOrDefault(node, -1L));
        assertThat(2 * reached.stream().filter(r -> r >= value).count()).isGreaterThan(reached.size());
        assertThat(2 * reached.stream().filter(r -> r > value).count()).isLessThanOrEqualTo(reached.size());
    }

    @Property
    void twoMajoritiesShareAMember(
            @ForAll @IntRange(min = 1, max = 9) int size,
            @ForAll List<@IntRange(min = 0, max = 12) Integer> some,
            @ForAll List<@IntRange(min = 0, max = 12) Integer> others) {
        TreeSet<NodeId> voters = new TreeSet<>();
        IntStream.range(0, size).forEach(i -> voters.add(new NodeId(i)));
        List<NodeId> one = some.stream().map(NodeId::new).toList();
        List<NodeId> other = others.stream().map(NodeId::new).toList();
        if (Quorum.isMajority(voters, one) && Quorum.isMajority(voters, other)) {
            assertThat(one.stream().anyMatch(node -> voters.contains(node) && other.contains(node)))
                    .isTrue();
        }
        assertThat(Quorum.isMajority(voters, voters)).isTrue();
        assertThat(Membership.ofVoters(voters).quorum()).isEqualTo(size / 2 + 1);
    }
}
