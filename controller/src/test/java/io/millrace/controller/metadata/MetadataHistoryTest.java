package io.millrace.controller.metadata;

import static io.millrace.controller.Samples.broker;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.controller.MetadataCodec;
import io.millrace.partition.raft.Payload;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;

/** Several controllers that all believe to rule, one log, and replicas that read it at different speeds. */
class MetadataHistoryTest {
    private static final int CONTROLLERS = 3;
    private static final int ENTRIES = 300;

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
            return switch (random.nextInt(29)) {
                case 0 -> new MetadataCommand.ClaimController(known.controllerEpoch(), brokerId, "id-" + brokerId);
                case 1, 2, 3, 4, 5, 6, 7, 8 ->
                    new MetadataCommand.RegisterBroker(
                            epoch,
                            random.nextInt(10) == 0 ? Optional.of("id-1") : Optional.empty(),
                            known.broker(broker).map(BrokerRegistration::directoryId),
                            broker(broker, "directory-" + random.nextInt(3)));
                case 9, 10, 11, 12 ->
                    new MetadataCommand.DeleteTopic(
                            epoch,
                            name,
                            known.topic(name).map(TopicMetadata::id).orElse(1L));
                case 26, 27, 28 ->
                    new MetadataCommand.AlterTopic(
                            epoch,
                            name,
                            known.topic(name).map(TopicMetadata::id).orElse(1L),
                            new TreeMap<>(Map.of("retention.ms", "" + random.nextInt(3))),
                            random.nextBoolean() ? List.of() : List.of(List.of(random.nextInt(5))));
                case 24, 25 -> new MetadataCommand.AllocateProducerIds(epoch, brokerId);
                default ->
                    new MetadataCommand.CreateTopic(
                            epoch, name, 1, List.of(List.of(random.nextInt(5)), List.of(random.nextInt(5))));
            };
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
                    .containsAll(applied.next().topics().values().stream()
                            .flatMap(topic -> topic.partitions().stream().flatMap(List::stream))
                            .toList());
        }

        // Else this history would show nothing.
        Statistics.label("controllers ruled and topics came and went")
                .collect(states.get(ENTRIES).controllerEpoch() > 2 && topicIds.size() > 2)
                .coverage(coverage -> coverage.check(true).percentage(share -> share > 75));

        // A replica that starts late and reads what is on disk comes to the same state at every index.
        ClusterMetadata replica = ClusterMetadata.EMPTY;
        for (Payload entry : log) {
            replica = replica.apply(replica.appliedIndex() + 1, MetadataCodec.decode(entry))
                    .next();
            assertThat(replica).isEqualTo(states.get((int) replica.appliedIndex()));
        }
    }
}
