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
import java.util.function.Predicate;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;
import org.jspecify.annotations.Nullable;

/**
 * {@link ReplicasOfWrites} with records that are compared by content, and leaders that are lost between a digest and its records. Each
 * content is in the log once, each record is where its client was told, and replicas that know of the same entries have the same history;
 * the more so if records are compared now and then only, and not by all replicas at once.
 */
class ContentWrittenOnceTest {
    private static final int STEPS = 400;
    private static final Optional<DedupBounds> EVERYTHING =
            Optional.of(new DedupBounds(Long.MAX_VALUE, Integer.MAX_VALUE));

    private static final WriteVerdict TOO_OLD =
            new WriteVerdict.Refused(SequenceVerdict.DuplicateTooOld.DUPLICATE_TOO_OLD);

    /**
     * A digest, or the records that it is about, or records without one.
     *
     * @param compared whether the records have a digest
     * @param batch of the records, as it is in the log
     */
    private record Part(
            @Nullable Digest digest, List<ContentHash> records, boolean compared, @Nullable ProducerBatch batch)
            implements ReplicasOfWrites.Content {
        @Override
        public int recordCount() {
            return records.size();
        }
    }

    @Property(tries = 300)
    void whateverIsWrittenAgainIsInTheLogOnce(@ForAll long seed) {
        World world = new World(new Random(seed), false);
        world.run(STEPS);
        Statistics.label("there were duplicates in part, repetitions of these, and leaders changed")
                .collect(world.inPart > 2 && world.repeatedInPart > 0 && world.elections > 2)
                .coverage(coverage -> coverage.check(true).percentage(share -> share > 50));
    }

    @Property(tries = 300)
    void whatIsComparedNowAndThenIsWrittenOnceAmongThat(@ForAll long seed) {
        World world = new World(new Random(seed), true);
        world.run(STEPS);
        Statistics.label("leaders of both kinds wrote, and there were duplicates in part")
                .collect(world.inPart > 0 && world.plain > 2)
                .coverage(coverage -> coverage.check(true).percentage(share -> share > 30));
    }

    private static final class World extends ReplicasOfWrites<Part> {
        /** Of each client's next batch. */
        private final List<List<ContentHash>> unheardOf =
                new ArrayList<>(Collections.nCopies(CLIENTS, List.of(new ContentHash(0, 0))));

        private int inPart;
        private int repeatedInPart;
        private int plain;
        private int newest;
        private final boolean nowAndThen;

        World(Random random, boolean nowAndThen) {
            super(random, EVERYTHING);
            this.nowAndThen = nowAndThen;
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
                            ? new Logged.Records(
                                    index,
                                    entry.term(),
                                    entry.offset(),
                                    part.recordCount(),
                                    Optional.ofNullable(part.batch()).stream()
                                            .map(batch -> new Digest.Numbered(batch, entry.offset(), 0))
                                            .toList())
                            : new Logged.Digested(index, entry.term(), digest));
        }

        @Override
        void send(Client client, Replica leader) {
            if (nowAndThen && random.nextInt(10) == 0) {
                bounds = bounds.isEmpty() ? EVERYTHING : Optional.empty();
            }
            List<ContentHash> records = unheardOf.get(client.id);
            ProducerBatch batch = client.batch(records.size());
            boolean compares = leader.ownBounds.isPresent();
            WriteVerdict verdict = leader.history
                    .complete()
                    .propose(Optional.of(batch), records.size(), compares ? records : List.of(), proposedOffset, term);
            if (verdict instanceof Append append) {
                if (compares) {
                    propose(client, records, batch, append);
                } else {
                    plain++;
                    propose(new Part(null, records, false, batch));
                }
                return;
            }
            if (nowAndThen && verdict.equals(TOO_OLD)) {
                // What its records are duplicates of, this leader has not compared: see
                // SequenceVerdict.DuplicateTooOld.
                goOn(client, batch);
                return;
            }
            assertThat(verdict).as("%s", batch).isInstanceOf(Settled.class);
            Settled settled = (Settled) verdict;
            assertThat(settled.repeated()).isTrue();
            repeatedInPart += settled.duplicates().isEmpty() ? 0 : 1;
            boolean everythingIsCommitted = !hasProposed() && leader.commitIndex == leader.log.size();
            if (everythingIsCommitted && random.nextBoolean()) { // else the answer is lost, or is not due
                if (!nowAndThen) {
                    checkTold(leader, records, settled);
                }
                goOn(client, batch);
            }
        }

        private void goOn(Client client, ProducerBatch batch) {
            client.written++;
            client.nextSequence = batch.nextSequence();
            unheardOf.set(client.id, records());
        }

        private void propose(Client client, List<ContentHash> records, ProducerBatch batch, Append append) {
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
                    List.of(),
                    true,
                    null));
            if (!written.isEmpty()) {
                propose(new Part(
                        null,
                        written,
                        true,
                        new ProducerBatch(client.id, batch.epoch(), batch.baseSequence(), written.size())));
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
            return contentsOf(replica, entries, part -> true);
        }

        private static List<ContentHash> contentsOf(Replica replica, long entries, Predicate<Part> which) {
            return replica.log.subList(0, (int) entries).stream()
                    .map(Entry::content)
                    .flatMap(part -> part == null || !which.test(part) ? Stream.empty() : part.records().stream())
                    .toList();
        }

        @Override
        void check() {
            for (Replica replica : replicas) {
                assertThat(contentsOf(replica, replica.commitIndex, Part::compared))
                        .doesNotHaveDuplicates();
                for (Replica other : replicas) {
                    if (other != replica
                            && other.ownBounds.equals(replica.ownBounds)
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
