package io.millrace.partition.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.state.WriteHistory.Logged;
import io.millrace.partition.state.WriteVerdict.Append;
import io.millrace.partition.state.WriteVerdict.Settled;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;
import org.jspecify.annotations.Nullable;

/**
 * As {@link WrittenOnceTest}, with records that are compared by content: leaders that are lost between a digest and its records, followers,
 * restarts, lost answers, and clients that number their batches and send each until they hear what became of it. Each content is in the log
 * once, each record is where its client was told, and replicas that know of the same entries have the same history.
 */
class ContentWrittenOnceTest {
    private static final int REPLICAS = 3;
    private static final int CLIENTS = 3;
    private static final int STEPS = 400;
    private static final Optional<DedupBounds> EVERYTHING =
            Optional.of(new DedupBounds(Long.MAX_VALUE, Integer.MAX_VALUE));

    /** A leader's first entry, a digest, or the records that it is about. */
    private record Entry(long term, @Nullable Digest digest, List<ContentHash> records, long offset) {
        long nextOffset() {
            return offset + records.size();
        }

        Optional<Logged> logged(long index) {
            if (digest != null) {
                return Optional.of(new Logged.Digested(index, digest));
            }
            return records.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new Logged.Records(index, offset, records.size()));
        }
    }

    private static final class Replica {
        final List<Entry> log = new ArrayList<>();
        Producers producers = new Producers(0);
        boolean restored;
        byte[] snapshot = new WriteHistory(EVERYTHING).toBytes();
        long snapshotIndex;
        long commitIndex;

        long lastTerm() {
            return log.isEmpty() ? 0 : log.get(log.size() - 1).term();
        }

        long nextOffset() {
            return log.isEmpty() ? 0 : log.get(log.size() - 1).nextOffset();
        }

        void append(Entry entry) {
            log.add(entry);
            entry.logged(log.size()).ifPresent(producers::appended);
        }

        void commit(long index) {
            if (index > commitIndex) {
                commitIndex = index;
                producers.committed(index);
            }
        }

        void restart() {
            commitIndex = 0;
            producers = new Producers(log.size());
            restored = false;
        }

        void restoreOrRead(Random random) {
            if (!restored) {
                producers.restored(WriteHistory.fromBytes(snapshot, EVERYTHING), snapshotIndex);
                restored = true;
            }
            producers.toRead().ifPresent(range -> {
                long last = range.first() + random.nextInt((int) (range.last() - range.first() + 1));
                List<Logged> found = new ArrayList<>();
                for (long index = range.first(); index <= last; index++) {
                    log.get((int) index - 1).logged(index).ifPresent(found::add);
                }
                producers.read(found, last);
            });
        }
    }

    private static final class Client {
        final long id;
        int written;
        int nextSequence;
        List<ContentHash> records = List.of(new ContentHash(0, 0));

        Client(long id) {
            this.id = id;
        }

        ProducerBatch batch() {
            return new ProducerBatch(id, (short) 0, nextSequence, records.size());
        }
    }

    @Property(tries = 300)
    void whateverIsWrittenAgainIsInTheLogOnce(@ForAll long seed) {
        World world = new World(new Random(seed));
        for (int step = 0; step < STEPS; step++) {
            world.step();
            world.check();
        }
        world.healAndWriteOnce();
        Statistics.label("there were duplicates in part, repetitions of these, and leaders changed")
                .collect(world.inPart > 2 && world.repeatedInPart > 0 && world.elections > 2)
                .coverage(coverage -> coverage.check(true).percentage(share -> share > 50));
    }

    private static final class World {
        private final List<Replica> replicas = new ArrayList<>();
        private final List<Client> clients = new ArrayList<>();
        private final List<Entry> proposed = new ArrayList<>();
        private @Nullable Replica leader;
        private long term;
        private long ownFirstIndex;
        private long proposedOffset;
        private int inPart;
        private int repeatedInPart;
        private int elections;
        private int newest;
        private final Random random;

        World(Random random) {
            this.random = random;
            for (int i = 0; i < REPLICAS; i++) {
                replicas.add(new Replica());
            }
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(new Client(i));
            }
        }

        void step() {
            Replica any = replicas.get(random.nextInt(REPLICAS));
            switch (random.nextInt(20)) {
                case 0 -> elect(any);
                case 1 -> restart(any);
                case 2 -> {
                    if (any.producers.isComplete()) {
                        any.snapshot = any.producers.history().committedCopy().toBytes();
                        any.snapshotIndex = any.producers.committedIndex();
                    }
                }
                case 3, 4, 5, 6, 7 -> replicateTo(any);
                case 8, 9 -> commit();
                case 10, 11 -> appendProposed();
                case 12, 13 -> any.restoreOrRead(random);
                default -> send(clients.get(random.nextInt(CLIENTS)));
            }
        }

        void healAndWriteOnce() {
            for (Replica candidate : replicas) {
                int already = elections;
                for (int attempt = 0; attempt < 20 && elections == already; attempt++) {
                    elect(candidate);
                }
                if (elections == already) {
                    continue; // its log is too old
                }
                List<Integer> before =
                        clients.stream().map(client -> client.written).toList();
                for (int round = 0; round < 500 && !allBeyond(before); round++) {
                    replicas.forEach(each -> each.restoreOrRead(random));
                    replicas.forEach(this::replicateTo);
                    commit();
                    appendProposed();
                    clients.forEach(this::send);
                }
                assertThat(allBeyond(before)).isTrue();
                check();
            }
        }

        private boolean allBeyond(List<Integer> before) {
            return clients.stream().allMatch(client -> client.written > before.get((int) client.id));
        }

        private void elect(Replica candidate) {
            Replica voter = replicas.get(random.nextInt(REPLICAS));
            boolean upToDate = candidate.lastTerm() > voter.lastTerm()
                    || (candidate.lastTerm() == voter.lastTerm() && candidate.log.size() >= voter.log.size());
            if (voter == candidate || !upToDate) {
                return;
            }
            stepDown();
            elections++;
            term++;
            leader = candidate;
            candidate.append(new Entry(term, null, List.of(), candidate.nextOffset()));
            ownFirstIndex = candidate.log.size();
            proposedOffset = candidate.nextOffset();
        }

        private void stepDown() {
            proposed.clear();
            if (leader != null) {
                leader.producers.abandonProposed();
            }
            leader = null;
        }

        private void restart(Replica replica) {
            if (replica == leader) {
                stepDown();
            }
            replica.restart();
        }

        private void replicateTo(Replica follower) {
            Replica from = leader;
            if (from == null || follower == from) {
                return;
            }
            int same = 0;
            while (same < Math.min(from.log.size(), follower.log.size())
                    && from.log.get(same).equals(follower.log.get(same))) {
                same++;
            }
            if (same < follower.log.size() && same < from.log.size()) {
                follower.log.subList(same, follower.log.size()).clear();
                follower.producers.truncated(same + 1);
            }
            int until = Math.min(from.log.size(), follower.log.size() + random.nextInt(4));
            while (follower.log.size() < until) {
                follower.append(from.log.get(follower.log.size()));
            }
            if (follower.log.equals(from.log.subList(0, Math.min(from.log.size(), follower.log.size())))) {
                follower.commit(Math.min(from.commitIndex, follower.log.size()));
            }
        }

        private void commit() {
            Replica from = leader;
            if (from == null) {
                return;
            }
            for (int index = from.log.size(); index > from.commitIndex; index--) {
                List<Entry> prefix = from.log.subList(0, index);
                int size = index;
                long having = replicas.stream()
                        .filter(each -> each.log.size() >= size
                                && each.log.subList(0, size).equals(prefix))
                        .count();
                if (having > REPLICAS / 2 && from.log.get(index - 1).term() == term) {
                    from.commit(index);
                }
            }
        }

        private void appendProposed() {
            for (int i = random.nextInt(4); i > 0 && leader != null && !proposed.isEmpty(); i--) {
                leader.append(proposed.remove(0));
            }
        }

        private void send(Client client) {
            Replica to = leader;
            if (to == null || to.commitIndex < ownFirstIndex || !to.producers.isComplete()) {
                return;
            }
            ProducerBatch batch = client.batch();
            WriteVerdict verdict = to.producers
                    .history()
                    .propose(Optional.of(batch), client.records.size(), client.records, proposedOffset, term);
            if (verdict instanceof Append append) {
                propose(client, batch, append);
            } else {
                assertThat(verdict).as("%s", batch).isInstanceOf(Settled.class);
                Settled settled = (Settled) verdict;
                assertThat(settled.repeated()).isTrue();
                repeatedInPart += settled.duplicates().isEmpty() ? 0 : 1;
                boolean everythingIsCommitted = proposed.isEmpty() && to.commitIndex == to.log.size();
                if (everythingIsCommitted && random.nextBoolean()) { // else the answer is lost, or is not due
                    checkTold(to, client, settled);
                    client.written++;
                    client.nextSequence = batch.nextSequence();
                    client.records = records();
                }
            }
        }

        private void propose(Client client, ProducerBatch batch, Append append) {
            Set<Integer> leftOut = new HashSet<>();
            append.duplicates().forEach(duplicate -> leftOut.add(duplicate.place()));
            inPart += leftOut.isEmpty() ? 0 : 1;
            List<ContentHash> written = new ArrayList<>();
            for (int place = 0; place < client.records.size(); place++) {
                if (!leftOut.contains(place)) {
                    written.add(client.records.get(place));
                }
            }
            Digest digest = new Digest(
                    term, proposedOffset, written, List.of(new Digest.Numbered(batch, proposedOffset, leftOut.size())));
            proposed.add(new Entry(term, digest, List.of(), proposedOffset));
            if (!written.isEmpty()) {
                proposed.add(new Entry(term, null, written, proposedOffset));
            }
            proposedOffset += written.size();
        }

        /** One to four, some of them new. */
        private List<ContentHash> records() {
            newest += random.nextInt(3);
            return random.ints(1 + random.nextInt(4), Math.max(0, newest - 10), newest + 2)
                    .mapToObj(i -> new ContentHash(i, i))
                    .toList();
        }

        private void checkTold(Replica replica, Client client, Settled told) {
            List<ContentHash> log = contentsOf(replica, replica.log.size());
            long own = told.baseOffset();
            int next = 0;
            for (int place = 0; place < client.records.size(); place++) {
                boolean duplicate = next < told.duplicates().size()
                        && told.duplicates().get(next).place() == place;
                long offset = duplicate ? told.duplicates().get(next++).offset() : own++;
                assertThat(log.get((int) offset)).isEqualTo(client.records.get(place));
            }
        }

        private static List<ContentHash> contentsOf(Replica replica, long entries) {
            return replica.log.subList(0, (int) entries).stream()
                    .flatMap(entry -> entry.records().stream())
                    .toList();
        }

        void check() {
            for (Replica replica : replicas) {
                assertThat(contentsOf(replica, replica.commitIndex)).doesNotHaveDuplicates();
                for (Replica other : replicas) {
                    if (other != replica
                            && other.producers.isComplete()
                            && replica.producers.isComplete()
                            && other.producers.committedIndex() == replica.producers.committedIndex()) {
                        assertThat(other.producers.history().committedCopy().toBytes())
                                .isEqualTo(replica.producers
                                        .history()
                                        .committedCopy()
                                        .toBytes());
                    }
                }
            }
        }
    }
}
