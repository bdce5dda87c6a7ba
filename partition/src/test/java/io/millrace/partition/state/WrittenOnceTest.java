package io.millrace.partition.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.state.WriteHistory.Logged;
import io.millrace.partition.state.WriteVerdict.Append;
import io.millrace.partition.state.WriteVerdict.Settled;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;

/** What clients of {@link ReplicasOfWrites} send again is in the log once, in order, and where they were told. */
class WrittenOnceTest {
    private static final int STEPS = 400;

    private record Sent(ProducerBatch batch) implements ReplicasOfWrites.Content {
        @Override
        public int recordCount() {
            return batch.recordCount();
        }
    }

    @Property(tries = 300)
    void whateverIsSentAgainIsInTheLogOnce(@ForAll long seed) {
        World world = new World(new Random(seed));
        world.run(STEPS);
        Statistics.label("batches were repeated and leaders changed")
                .collect(world.duplicates > 2 && world.elections > 2)
                .coverage(coverage -> coverage.check(true).percentage(share -> share > 50));
    }

    private static final class World extends ReplicasOfWrites<Sent> {
        /** Of each client's next batch. */
        private final int[] recordCounts = new int[CLIENTS];

        private int duplicates;

        World(Random random) {
            super(random, Optional.empty());
            Arrays.fill(recordCounts, 1);
        }

        @Override
        Optional<Logged> logged(long index, Entry<Sent> entry) {
            Sent sent = entry.content();
            return sent == null
                    ? Optional.empty()
                    : Optional.of(new Logged.Records(
                            index,
                            entry.term(),
                            entry.offset(),
                            sent.recordCount(),
                            List.of(new Digest.Numbered(sent.batch(), entry.offset(), 0))));
        }

        @Override
        void send(Client client, Replica leader) {
            ProducerBatch batch = client.batch(recordCounts[client.id]);
            WriteVerdict verdict = leader.history
                    .complete()
                    .propose(Optional.of(batch), batch.recordCount(), List.of(), proposedOffset, 0);
            if (verdict instanceof Append) {
                propose(new Sent(batch));
                return;
            }
            assertThat(verdict).as("%s", batch).isInstanceOf(Settled.class);
            duplicates++;
            long offset = ((Settled) verdict).baseOffset();
            boolean committed = leader.log.subList(0, (int) leader.commitIndex).stream()
                    .anyMatch(entry -> new Sent(batch).equals(entry.content()) && entry.offset() == offset);
            if (committed && random.nextBoolean()) { // else the answer is lost, or is not due
                client.written++;
                client.nextSequence = batch.nextSequence();
                recordCounts[client.id] = 1 + random.nextInt(3);
            }
        }

        /** Of each client, the committed batches follow each other without a gap or a copy. */
        @Override
        void check() {
            for (Replica replica : replicas) {
                for (Client client : clients) {
                    int expected = 0;
                    int found = 0;
                    for (Entry<Sent> entry : replica.log.subList(0, (int) replica.commitIndex)) {
                        Sent sent = entry.content();
                        if (sent != null && sent.batch().producerId() == client.id) {
                            assertThat(sent.batch().baseSequence()).isEqualTo(expected);
                            expected = sent.batch().nextSequence();
                            found++;
                        }
                    }
                    assertThat(found).isLessThanOrEqualTo(client.written + 1);
                    assertThat(!isServing(replica) || found >= client.written).isTrue();
                }
            }
        }
    }
}
