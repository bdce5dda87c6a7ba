package io.millrace.partition.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.state.WriteHistory.Logged;
import io.millrace.partition.state.WriteVerdict.Append;
import io.millrace.partition.state.WriteVerdict.Settled;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;
import org.jspecify.annotations.Nullable;

/**
 * {@link ReplicasOfWrites} with records that are compared by content, and leaders that are lost between a digest and its records. Each
 * content is in the log once, each record is where its client was told, and replicas that know of the same entries have the same history.
 */
class ContentWrittenOnceTest {
    private static final int STEPS = 400;
    private static final Optional<DedupBounds> EVERYTHING =
            Optional.of(new DedupBounds(Long.MAX_VALUE, Integer.MAX_VALUE));

    /** A digest, or the records that it is about. */
    private record Part(@Nullable Digest digest, List<ContentHash> records) implements ReplicasOfWrites.Content {
        @Override
        public int recordCount() {
            return records.size();
        }
    }

    @Property(tries = 300)
    void whateverIsWrittenAgainIsInTheLogOnce(@ForAll long seed) {
        World world = new World(new Random(seed));
        world.run(STEPS);
        Statistics.label("there were duplicates in part, repetitions of these, and leaders changed")
                .collect(world.inPart > 2 && world.repeatedInPart > 0 && world.elections > 2)
                .coverage(coverage -> coverage.check(true).percentage(share -> share > 50));
    }

    private static final class World extends ReplicasOfWrites<Part> {
        /** Of each client's next batch. */
        private final List<List<ContentHash>> unheardOf =
                new ArrayList<>(Collections.nCopies(CLIENTS, List.of(new ContentHash(0, 0))));

        private int inPart;
        private int repeatedInPart;
        private int newest;

        World(Random random) {
            super(random, EVERYTHING);
        }

        @Override
        Optional<Logged> logged(long index, Entry<Part> entry) {
            Part part = entry.content();
            if (part == null) {
                return Optional.empty();
            }
            Digest digest = part.digest();
            return Optional.of(
                    digest == null
                            ? new Logged.Records(index, entry.offset(), part.recordCount())
                            : new Logged.Digested(index, digest));
        }

        @Override
        void send(Client client, Replica leader) {
            List<ContentHash> records = unheardOf.get(client.id);
            ProducerBatch batch = client.batch(records.size());
            WriteVerdict verdict = leader.history
                    .complete()
                    .propose(Optional.of(batch), records.size(), records, proposedOffset, term);
            if (verdict instanceof Append append) {
                propose(records, batch, append);
                return;
            }
            assertThat(verdict).as("%s", batch).isInstanceOf(Settled.class);
            Settled settled = (Settled) verdict;
            assertThat(settled.repeated()).isTrue();
            repeatedInPart += settled.duplicates().isEmpty() ? 0 : 1;
            boolean everythingIsCommitted = !hasProposed() && leader.commitIndex == leader.log.size();
            if (everythingIsCommitted && random.nextBoolean()) { // else the answer is lost, or is not due
                checkTold(leader, records, settled);
                client.written++;
                client.nextSequence = batch.nextSequence();
                unheardOf.set(client.id, records());
            }
        }

        private void propose(List<ContentHash> records, ProducerBatch batch, Append append) {
            Set<Integer> leftOut = new HashSet<>();
            append.duplicates().forEach(duplicate -> leftOut.add(duplicate.place()));
            inPart += leftOut.isEmpty() ? 0 : 1;
            List<ContentHash> written = new ArrayList<>();
            for (int place = 0; place < records.size(); place++) {
                if (!leftOut.contains(place)) {
                    written.add(records.get(place));
                }
            }
            propose(new Part(
                    new Digest(
                            term,
                            proposedOffset,
                            written,
                            List.of(new Digest.Numbered(batch, proposedOffset, leftOut.size()))),
                    List.of()));
            if (!written.isEmpty()) {
                propose(new Part(null, written));
            }
        }

        /** One to four, some of them new. */
        private List<ContentHash> records() {
            newest += random.nextInt(3);
            return random.ints(1 + random.nextInt(4), Math.max(0, newest - 10), newest + 2)
                    .mapToObj(i -> new ContentHash(i, i))
                    .toList();
        }

        private void checkTold(Replica replica, List<ContentHash> records, Settled told) {
            List<ContentHash> log = contentsOf(replica, replica.log.size());
            long own = told.baseOffset();
            int next = 0;
            for (int place = 0; place < records.size(); place++) {
                boolean duplicate = next < told.duplicates().size()
                        && told.duplicates().get(next).place() == place;
                long offset = duplicate ? told.duplicates().get(next++).offset() : own++;
                assertThat(log.get((int) offset)).isEqualTo(records.get(place));
            }
        }

        private static List<ContentHash> contentsOf(Replica replica, long entries) {
            return replica.log.subList(0, (int) entries).stream()
                    .flatMap(entry -> entry.content() == null ? Stream.empty() : entry.content().records().stream())
                    .toList();
        }

        @Override
        void check() {
            for (Replica replica : replicas) {
                assertThat(contentsOf(replica, replica.commitIndex)).doesNotHaveDuplicates();
                for (Replica other : replicas) {
                    if (other != replica
                            && other.history.isComplete()
                            && replica.history.isComplete()
                            && other.history.committedIndex() == replica.history.committedIndex()) {
                        assertThat(other.history.complete().committedCopy().toBytes())
                                .isEqualTo(replica.history
                                        .complete()
                                        .committedCopy()
                                        .toBytes());
                    }
                }
            }
        }
    }
}
