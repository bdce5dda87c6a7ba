package io.millrace.controller.metadata;

import static io.millrace.controller.Samples.broker;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.controller.MetadataCodec;
import io.millrace.partition.raft.Payload;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;

/** Several controllers that all believe to rule, one log, and replicas that read it at different speeds. */
class MetadataHistoryTest {
    private static final int CONTROLLERS = 3;
    private static final int ENTRIES = 500;

    /** Decides by a state that may be old, and its commands may wait before they get into the log. */
    private static final class RivalController {
        final int brokerId;
        ClusterMetadata known = ClusterMetadata.EMPTY;
        /** That it believes to rule in; 0: none. */
        long epoch;

        RivalController(int brokerId) {
            this.brokerId = brokerId;
        }

        MetadataCommand next(Random random) {
            List<String> names = List.of("a", "b", "c");
            String name = names.get(random.nextInt(names.size()));
            int broker = random.nextInt(5);
            return switch (random.nextInt(45)) {
                case 0 -> new MetadataCommand.ClaimController(known.controllerEpoch(), brokerId, "id-" + brokerId);
                case 1, 2, 3, 4, 5, 6, 7, 8 ->
                    new MetadataCommand.RegisterBroker(
                            epoch,
                            random.nextInt(10) == 0 ? Optional.of("id-1") : Optional.empty(),
                            known.broker(broker).map(BrokerRegistration::directoryId),
                            broker(broker, "directory-" + random.nextInt(3)));
                case 9, 10, 11, 12 -> new MetadataCommand.DeleteTopic(epoch, name, topicId(name));
                case 38, 39, 40 ->
                    new MetadataCommand.AlterTopic(
                            epoch,
                            name,
                            topicId(name),
                            new TreeMap<>(Map.of("retention.ms", "" + random.nextInt(3))),
                            random.nextBoolean() ? List.of() : List.of(List.of(random.nextInt(5))));
                case 24, 25 -> new MetadataCommand.AllocateProducerIds(epoch, brokerId);
                case 26, 27, 28, 29, 30 ->
                    new MetadataCommand.ReassignPartitions(epoch, targets(random, name, topicId(name)));
                case 31, 32, 33 -> new MetadataCommand.CompleteReassignments(epoch, done(random, name, topicId(name)));
                case 34, 35 ->
                    new MetadataCommand.SetBrokerState(
                            epoch, broker, random.nextBoolean() ? BrokerState.DRAINING : BrokerState.ACTIVE);
                case 36, 37 -> new MetadataCommand.UnregisterBroker(epoch, broker);
                case 41, 42 ->
                    new MetadataCommand.SetBrokerSettings(
                            epoch,
                            random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(broker),
                            new TreeMap<>(Map.of("moves-per-broker", "" + random.nextInt(3))));
                case 43, 44 -> new MetadataCommand.SetRebalancing(epoch, random.nextBoolean());
                default ->
                    new MetadataCommand.CreateTopic(
                            epoch, name, 1, List.of(List.of(random.nextInt(5)), List.of(random.nextInt(5))));
            };
        }

        private long topicId(String name) {
            return known.topic(name).map(TopicMetadata::id).orElse(1L);
        }

        /** Of all its partitions; now and then another move than the last. */
        private List<MetadataCommand.PartitionReassigned> done(Random random, String topic, long topicId) {
            return known.topic(topic).map(TopicMetadata::reassignments).orElse(new TreeMap<>()).entrySet().stream()
                    .map(open -> new MetadataCommand.PartitionReassigned(
                            topic, topicId, open.getKey(), open.getValue().index() - (random.nextInt(4) == 0 ? 1 : 0)))
                    .toList();
        }

        /** Sensible or not. */
        private List<MetadataCommand.PartitionTarget> targets(Random random, String topic, long topicId) {
            List<MetadataCommand.PartitionTarget> targets = new ArrayList<>();
            for (int i = random.nextInt(2); i >= 0; i--) {
                List<Integer> brokers = new ArrayList<>(known.brokers().keySet());
                Collections.shuffle(brokers, random);
                brokers = brokers.subList(0, Math.min(brokers.size(), 1 + random.nextInt(2)));
                if (random.nextInt(5) == 0) {
                    brokers.add(random.nextInt(5));
                }
                int partition = random.nextInt(6) == 0 ? 2 : random.nextInt(2);
                targets.add(new MetadataCommand.PartitionTarget(
                        topic, topicId, partition, brokers, ReassignmentCause.DRAIN));
            }
            return targets;
        }
    }

    @Property(tries = 100)
    void replicasAgreeStaleCommandsDoNothingAndIdsAreNeverReused(@ForAll long seed) {
        Random random = new Random(seed);
        List<RivalController> controllers = new ArrayList<>();
        for (int i = 0; i < CONTROLLERS; i++) {
            controllers.add(new RivalController(i));
        }
        List<Payload> log = new ArrayList<>();
        List<ClusterMetadata> states = new ArrayList<>(List.of(ClusterMetadata.EMPTY));
        List<MetadataCommand> delayed = new ArrayList<>();
        Set<Long> topicIds = new HashSet<>();
        Set<Long> producerIds = new HashSet<>();

        while (log.size() < ENTRIES) {
            RivalController controller = controllers.get(random.nextInt(CONTROLLERS));
            if (random.nextInt(3) == 0) {
                controller.known = states.get(states.size() - 1);
            }
            delayed.add(controller.next(random));
            MetadataCommand command = delayed.remove(random.nextInt(delayed.size()));
            if (random.nextInt(20) == 0) {
                delayed.add(command); // sent once more
            }
            log.add(MetadataCodec.encode(command));
            ClusterMetadata before = states.get(states.size() - 1);
            Applied applied = before.apply(log.size(), command);
            states.add(applied.next());

            if (command.epoch() != before.controllerEpoch()) {
                assertThat(applied.result()).isEqualTo(new MetadataResult.StaleController(before.controllerEpoch()));
                assertThat(applied.next()).isEqualTo(before.skip(log.size()));
            }
            if (applied.result() instanceof MetadataResult.Claimed claimed) {
                assertThat(claimed.epoch()).isEqualTo(before.controllerEpoch() + 1);
                controllers.get(((MetadataCommand.ClaimController) command).brokerId()).epoch = claimed.epoch();
            }
            if (applied.result() instanceof MetadataResult.TopicCreated created) {
                assertThat(topicIds.add(created.topic().id())).isTrue();
            }
            if (applied.result() instanceof MetadataResult.ProducerIdsAllocated ids) {
                for (long id = ids.firstId(); id < ids.firstId() + ids.count(); id++) {
                    assertThat(producerIds.add(id)).isTrue();
                }
            }
            if (before.clusterId().isPresent()) {
                assertThat(applied.next().clusterId()).isEqualTo(before.clusterId());
            }
            assertThat(applied.next().brokers().keySet())
                    .containsAll(applied.next().draining())
                    .containsAll(holders(applied.next()));
            applied.next()
                    .topics()
                    .values()
                    .forEach(topic -> checkMoves(before.topic(topic.name()).orElse(topic), topic));
        }

        // Else this history would show nothing.
        Statistics.label("controllers ruled and topics came and went")
                .collect(states.get(ENTRIES).controllerEpoch() > 2 && topicIds.size() > 2)
                .coverage(coverage -> coverage.check(true).percentage(share -> share > 75));
        Statistics.label("partitions moved")
                .collect(states.stream()
                        .flatMap(state -> state.topics().values().stream())
                        .anyMatch(topic -> topic.reassignments().values().stream()
                                .anyMatch(done -> done.target().isEmpty())))
                .coverage(coverage -> coverage.check(true).percentage(share -> share > 8));

        // A replica that starts late and reads what is on disk comes to the same state at every index.
        ClusterMetadata replica = ClusterMetadata.EMPTY;
        for (Payload entry : log) {
            replica = replica.apply(replica.appliedIndex() + 1, MetadataCodec.decode(entry))
                    .next();
            assertThat(replica).isEqualTo(states.get((int) replica.appliedIndex()));
        }
    }

    private static List<Integer> holders(ClusterMetadata metadata) {
        List<Integer> holders = new ArrayList<>();
        for (TopicMetadata topic : metadata.topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                holders.addAll(topic.replicas(partition));
                holders.addAll(topic.wanted(partition));
            }
        }
        return holders;
    }

    /** No broker is named twice; replicas change only to what was the target; founders never. */
    private static void checkMoves(TopicMetadata before, TopicMetadata after) {
        for (int partition = 0; partition < after.partitionCount(); partition++) {
            assertThat(after.replicas(partition)).doesNotHaveDuplicates().isNotEmpty();
            assertThat(after.wanted(partition)).doesNotHaveDuplicates().isNotEmpty();
            if (before.id() == after.id() && before.hasPartition(partition)) {
                assertThat(after.founders(partition)).isEqualTo(before.founders(partition));
                assertThat(after.replicas(partition)).isIn(before.replicas(partition), before.wanted(partition));
            }
        }
    }
}
