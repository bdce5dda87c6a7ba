package io.millrace.broker.group.assign;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.broker.routing.PartitionKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class AssignorsTest {
    private static final Assignors ASSIGNORS = Assignors.builtIn();
    private static final List<String> RACKS = List.of("a", "b", "c");

    @Property(tries = 300)
    void everyAssignorGivesEachPartitionToOneOfItsReaders(@ForAll long seed) {
        Sharing sharing = random(seed, false);

        for (String name : ASSIGNORS.names()) {
            Map<String, SortedSet<PartitionKey>> shares = ASSIGNORS.assign(name, sharing);

            List<PartitionKey> given = new ArrayList<>();
            sharing.members().forEach(member -> of(shares, member).forEach(partition -> {
                assertThat(member.reads(partition)).isTrue();
                given.add(partition);
            }));
            Set<Long> read = sharing.readers().keySet();
            assertThat(given)
                    .doesNotHaveDuplicates()
                    .containsExactlyInAnyOrderElementsOf(sharing.partitions().keySet().stream()
                            .filter(partition -> read.contains(partition.topicId()))
                            .toList());
        }
    }

    @Property(tries = 300)
    void theSameQuestionHasTheSameAnswerAndAnAnswerIsLeftAsItIs(@ForAll long seed) {
        for (String name : ASSIGNORS.names()) {
            Map<String, SortedSet<PartitionKey>> shares = ASSIGNORS.assign(name, random(seed, false));

            assertThat(ASSIGNORS.assign(name, random(seed, false))).isEqualTo(shares);
            assertThat(ASSIGNORS.assign(name, having(random(seed, false), shares)))
                    .isEqualTo(shares);
        }
    }

    @Property(tries = 300)
    void amongMembersThatReadTheSameNobodyHasMoreThanOneMore(@ForAll long seed) {
        for (String name : List.of(Assignors.STICKY, Assignors.RACK_AWARE, Assignors.ROUND_ROBIN)) {
            Sharing sharing = random(seed, true);
            Map<String, SortedSet<PartitionKey>> shares = ASSIGNORS.assign(name, sharing);

            var counts = shares.values().stream().mapToInt(Set::size).summaryStatistics();
            assertThat(counts.getMax() - counts.getMin()).isLessThanOrEqualTo(1);
        }
    }

    @Property(tries = 300)
    void stickyMovesNoMoreThanEvennessTakes(@ForAll long seed) {
        Sharing sharing = random(seed, true);
        Map<String, SortedSet<PartitionKey>> shares = ASSIGNORS.assign(Assignors.STICKY, sharing);

        int partitions = sharing.partitions().size();
        int members = sharing.members().size();
        int floor = partitions / members;
        int ceiling = (partitions + members - 1) / members;
        Set<PartitionKey> claimed = new HashSet<>();
        int tooMany = 0;
        int tooFew = 0;
        int unowned = partitions;
        int kept = 0;
        int owned = 0;
        for (Sharing.Member member : sharing.members()) {
            Set<PartitionKey> had = new HashSet<>(member.current());
            had.retainAll(sharing.partitions().keySet());
            had.removeIf(partition -> !claimed.add(partition));
            tooMany += Math.max(0, had.size() - ceiling);
            tooFew += Math.max(0, floor - had.size());
            unowned -= had.size();
            owned += had.size();
            had.retainAll(of(shares, member));
            kept += had.size();
        }
        // What nobody has fills gaps first; only the rest of the gaps, or what is above the ceiling, must move.
        assertThat(owned - kept).isEqualTo(Math.max(tooMany, tooFew - unowned));
    }

    @Property(tries = 200)
    void withDifferentTopicsNoSingleStepWouldMakeItMoreEven(@ForAll long seed) {
        Sharing sharing = random(seed, false);
        for (String name : List.of(Assignors.STICKY, Assignors.RACK_AWARE)) {
            Map<String, SortedSet<PartitionKey>> shares = ASSIGNORS.assign(name, sharing);

            for (Sharing.Member from : sharing.members()) {
                for (PartitionKey partition : of(shares, from)) {
                    for (Sharing.Member to : sharing.members()) {
                        if (to.reads(partition)) {
                            assertThat(of(shares, to).size())
                                    .isGreaterThanOrEqualTo(of(shares, from).size() - 1);
                        }
                    }
                }
            }
        }
    }

    @Property(tries = 300)
    void rackAwareHasAtLeastAsManyNearAsSticky(@ForAll long seed) {
        Sharing sharing = random(seed, true);
        Sharing empty = having(sharing, new HashMap<>());

        assertThat(near(empty, ASSIGNORS.assign(Assignors.RACK_AWARE, empty)))
                .isGreaterThanOrEqualTo(near(empty, ASSIGNORS.assign(Assignors.STICKY, empty)));
    }

    @Test
    void rackAwareReadsFromTheNeighboursWhereThereAreSome() {
        SortedMap<PartitionKey, Set<String>> partitions = new TreeMap<>();
        IntStream.range(0, 12).forEach(i -> partitions.put(new PartitionKey(1, i), Set.of(RACKS.get(i % 3))));
        List<Sharing.Member> members = IntStream.range(0, 3)
                .mapToObj(i -> new Sharing.Member("m" + i, "m" + i, RACKS.get(i), Set.of(1L), Set.of()))
                .toList();
        Sharing sharing = new Sharing(members, partitions);

        assertThat(near(sharing, ASSIGNORS.assign(Assignors.RACK_AWARE, sharing)))
                .isEqualTo(12);
    }

    @Test
    void rangeGivesNeighboursOfEachTopic() {
        SortedMap<PartitionKey, Set<String>> partitions = new TreeMap<>();
        for (long topic = 1; topic <= 2; topic++) {
            for (int i = 0; i < 5; i++) {
                partitions.put(new PartitionKey(topic, i), Set.of());
            }
        }
        Sharing sharing = new Sharing(
                List.of(
                        new Sharing.Member("x", "2", "", Set.of(1L, 2L), Set.of()),
                        new Sharing.Member("y", "1", "", Set.of(1L, 2L), Set.of())),
                partitions);

        assertThat(ASSIGNORS.assign(Assignors.RANGE, sharing).get("y"))
                .containsExactly(
                        new PartitionKey(1, 0),
                        new PartitionKey(1, 1),
                        new PartitionKey(1, 2),
                        new PartitionKey(2, 0),
                        new PartitionKey(2, 1),
                        new PartitionKey(2, 2));
    }

    @Property(tries = 20)
    void whatAnAddedAssignorAnswersIsUsedOnlyIfItCanBe(@ForAll @IntRange(max = 3) int kind) {
        Sharing sharing = random(7, true);
        Assignor added = new Assignor() {
            @Override
            public String name() {
                return "added";
            }

            @Override
            public Map<String, Set<PartitionKey>> assign(Sharing asked) {
                Set<PartitionKey> all = asked.partitions().keySet();
                return switch (kind) {
                    case 0 -> Map.of(); // leaves all out
                    case 1 -> throw new IllegalStateException("a planted fault");
                    case 2 -> { // gives all to everybody
                        Map<String, Set<PartitionKey>> twice = new HashMap<>();
                        asked.members().forEach(member -> twice.put(member.id(), all));
                        yield twice;
                    }
                    default -> Map.of(asked.members().get(0).id(), all);
                };
            }
        };
        Map<String, SortedSet<PartitionKey>> shares =
                Assignors.with(List.of(added)).assign("added", sharing);

        if (kind == 3) {
            assertThat(shares.get(sharing.members().get(0).id()))
                    .isEqualTo(sharing.partitions().keySet());
        } else {
            assertThat(shares).isEqualTo(ASSIGNORS.assign(Assignors.STICKY, sharing));
        }
    }

    private static SortedSet<PartitionKey> of(Map<String, SortedSet<PartitionKey>> shares, Sharing.Member member) {
        return Optional.ofNullable(shares.get(member.id())).orElseThrow();
    }

    private static int near(Sharing sharing, Map<String, SortedSet<PartitionKey>> shares) {
        return sharing.members().stream()
                .mapToInt(member -> (int) of(shares, member).stream()
                        .filter(partition -> sharing.isNear(partition, member))
                        .count())
                .sum();
    }

    private static Sharing having(Sharing sharing, Map<String, SortedSet<PartitionKey>> shares) {
        return new Sharing(
                sharing.members().stream()
                        .map(member -> new Sharing.Member(
                                member.id(),
                                member.name(),
                                member.rack(),
                                member.topicIds(),
                                shares.getOrDefault(member.id(), new TreeSet<>())))
                        .toList(),
                sharing.partitions());
    }

    private static Sharing random(long seed, boolean sameTopics) {
        Random random = new Random(seed);
        int topics = 1 + random.nextInt(4);
        SortedMap<PartitionKey, Set<String>> partitions = new TreeMap<>();
        for (long topic = 1; topic <= topics; topic++) {
            int count = 1 + random.nextInt(12);
            for (int i = 0; i < count; i++) {
                partitions.put(
                        new PartitionKey(topic, i), Set.of(RACKS.get(random.nextInt(3)), "r" + random.nextInt(2)));
            }
        }
        List<PartitionKey> all = new ArrayList<>(partitions.keySet());
        List<Sharing.Member> members = new ArrayList<>();
        int count = 1 + random.nextInt(8);
        for (int i = 0; i < count; i++) {
            Set<Long> reads = new HashSet<>();
            for (long topic = 1; topic <= topics; topic++) {
                if (sameTopics || random.nextInt(3) > 0) {
                    reads.add(topic);
                }
            }
            Set<PartitionKey> current = new HashSet<>();
            int had = random.nextInt(2 * all.size() / count + 2);
            for (int k = 0; k < had; k++) {
                current.add(random.nextInt(10) == 0 ? new PartitionKey(99, k) : all.get(random.nextInt(all.size())));
            }
            String rack = random.nextInt(5) == 0 ? "" : RACKS.get(random.nextInt(3));
            members.add(new Sharing.Member("m" + random.nextInt(1_000) + "-" + i, "n" + i, rack, reads, current));
        }
        return new Sharing(members, partitions);
    }
}
