package io.millrace.controller.metadata;

import static io.millrace.controller.Samples.broker;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.controller.MetadataCodec;
import io.millrace.controller.MetadataStateMachine;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.sim.Simulation;
import io.millrace.partition.sim.StateMachine;
import io.millrace.protocol.record.RecordBatch;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The metadata's replicas in the simulator of partition: among all its faults, equal after equal entries. */
class SimulatedMetadataTest {
    private static final int SEEDS = 60;
    private static final int STEPS = 4_000;
    private static final int THREADS = 2;

    private final AtomicLong topicsCreated = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();

    @Test
    void replicasThatHaveAppliedTheSameEntriesAreEqual() throws InterruptedException {
        assertThat(Simulation.failureWith(MetadataMachine::new, SEEDS, STEPS, THREADS))
                .isEmpty();
        assertThat(topicsCreated.get()).isGreaterThan(SEEDS);
        assertThat(refused.get()).isGreaterThan(SEEDS);
    }

    /** An entry's number stands for a command. */
    private final class MetadataMachine implements StateMachine {
        private final MetadataStateMachine state = new MetadataStateMachine();

        @Override
        public void apply(Entry entry) {
            if (entry.type() != EntryType.DATA) {
                state.apply(entry);
                return;
            }
            ByteBuffer payload = ByteBuffer.wrap(
                    entry.payload().array(),
                    entry.payload().arrayOffset(),
                    entry.payload().sizeBytes());
            long number = payload.getLong(payload.position() + RecordBatch.HEADER_SIZE);
            MetadataCommand command = commandOf(number);
            if (command.epoch() != state.metadata().controllerEpoch()) {
                refused.incrementAndGet();
            }
            int topics = state.metadata().topics().size();
            state.apply(new Entry(entry.index(), entry.term(), entry.type(), MetadataCodec.encode(command)));
            if (state.metadata().topics().size() > topics) {
                topicsCreated.incrementAndGet();
            }
        }

        @Override
        public Payload snapshot() {
            return state.snapshot();
        }

        @Override
        public void restore(Payload snapshot) {
            state.restore(snapshot);
        }

        private MetadataCommand commandOf(long number) {
            Random random = new Random(number);
            ClusterMetadata metadata = state.metadata();
            long epoch = metadata.controllerEpoch() - (random.nextInt(8) == 0 ? 1 : 0);
            String name = List.of("a", "b", "c").get(random.nextInt(3));
            int broker = random.nextInt(3);
            return switch (random.nextInt(9)) {
                case 0 -> new MetadataCommand.ClaimController(epoch, broker, "id-" + broker);
                case 1, 2, 3 ->
                    new MetadataCommand.RegisterBroker(
                            epoch,
                            Optional.empty(),
                            metadata.broker(broker).map(BrokerRegistration::directoryId),
                            broker(broker, "directory-" + random.nextInt(3)));
                case 4 ->
                    new MetadataCommand.DeleteTopic(
                            epoch,
                            name,
                            metadata.topic(name).map(TopicMetadata::id).orElse(1L));
                case 5 ->
                    new MetadataCommand.AlterTopic(
                            epoch,
                            name,
                            metadata.topic(name).map(TopicMetadata::id).orElse(1L),
                            new TreeMap<>(),
                            List.of(List.of(broker)));
                default -> new MetadataCommand.CreateTopic(epoch, name, 1, List.of(List.of(broker)));
            };
        }

        @Override
        public long appliedIndex() {
            return state.metadata().appliedIndex();
        }

        @Override
        public long hash() {
            return state.metadata().hashCode();
        }
    }
}
