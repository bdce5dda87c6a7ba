package io.millrace.partition.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.state.WriteHistory.Logged;
import io.millrace.partition.state.WriteVerdict.Append;
import io.millrace.partition.state.WriteVerdict.Settled;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;
import org.jspecify.annotations.Nullable;

/**
 * Three replicas with logs that may differ, leaders that come and go by Raft's rules, restarts, lost answers, and clients
 * that send each batch until they hear that it is written. It is in the log once, in order, and where they were told.
 */
class WrittenOnceTest {
    private static final int REPLICAS = 3;
    private static final int CLIENTS = 3;
    private static final int STEPS = 400;

    /** @param batch null for a leader's first entry */
    private record Entry(long term, @Nullable ProducerBatch batch, long offset) {
        long nextOffset() {
            return batch == null ? offset : offset + batch.recordCount();
        }
    }

    private static final class Replica {
        final List<Entry> log = new ArrayList<>();
        Producers producers = new Producers(0);
        boolean restored;
        WriteHistory snapshot = new WriteHistory(Optional.empty());
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
            if (entry.batch() != null) {
                producers.appended(new Logged.Batch(log.size(), entry.batch(), entry.offset()));
            }
        }

        void commit(long index) {
            if (index > commitIndex) {
                commitIndex = index;
                producers.committed(index);
            }
        }

        /** How much of its log is committed, it will hear from a leader, or find out as one. */
        void restart() {
            commitIndex = 0;
            producers = new Producers(log.size());
            restored = false;
        }

        void restoreOrRead(Random random) {
            if (!restored) {
                producers.restored(WriteHistory.fromBytes(snapshot.toBytes(), Optional.empty()), snapshotIndex);
                restored = true;
            }
            producers.toRead().ifPresent(range -> {
                long last = range.first() + random.nextInt((int) (range.last() - range.first() + 1));
                List<Logged> found = new ArrayList<>();
                for (long index = range.first(); index <= last; index++) {
                    Entry entry = log.get((int) index - 1);
                    if (entry.batch() != null) {
                        found.add(new Logged.Batch(index, entry.batch(), entry.offset()));
                    }
                }
                producers.read(found, last);
            });
        }
    }

    private static final class Client {
        final long id;
        int written;
        int nextSequence;
        int recordCount = 1;

        Client(long id) {
            this.id = id;
        }

        ProducerBatch batch() {
            return new ProducerBatch(id, (short) 0, nextSequence, recordCount);
        }
    }

    @Property(tries = 300)
    void whateverIsSentAgainIsInTheLogOnce(@ForAll long seed) {
        World world = new World(new Random(seed));
        for (int step = 0; step < STEPS; step++) {
            world.step();
            world.check();
        }
        world.healAndWriteOnce();
        Statistics.label("batches were repeated and leaders changed")
                .collect(world.duplicates > 2 && world.elections > 2)
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
        private int duplicates;
        private int elections;
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
                        any.snapshot = any.producers.history().committedCopy();
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

        /** Without further trouble, whoever leads goes on with every client. */
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

        /** §5.4.1: whoever votes has no later log. */
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
            candidate.append(new Entry(term, null, candidate.nextOffset()));
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

        /** §5.4.2: what a majority has, if it is of the leader's own term. */
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
                    .propose(Optional.of(batch), batch.recordCount(), List.of(), proposedOffset, 0);
            if (verdict instanceof Append) {
                proposed.add(new Entry(term, batch, proposedOffset));
                proposedOffset += batch.recordCount();
            } else {
                assertThat(verdict).as("%s", batch).isInstanceOf(Settled.class);
                duplicates++;
                long offset = ((Settled) verdict).baseOffset();
                boolean committed = to.log.subList(0, (int) to.commitIndex).stream()
                        .anyMatch(entry -> batch.equals(entry.batch()) && entry.offset() == offset);
                if (committed && random.nextBoolean()) { // else the answer is lost, or is not due
                    client.written++;
                    client.nextSequence = batch.nextSequence();
                    client.recordCount = 1 + random.nextInt(3);
                }
            }
        }

        /** Of each client, the committed batches follow each other without a gap or a copy. */
        void check() {
            for (Replica replica : replicas) {
                for (Client client : clients) {
                    int expected = 0;
                    int found = 0;
                    for (Entry entry : replica.log.subList(0, (int) replica.commitIndex)) {
                        if (entry.batch() != null && entry.batch().producerId() == client.id) {
                            assertThat(entry.batch().baseSequence()).isEqualTo(expected);
                            expected = entry.batch().nextSequence();
                            found++;
                        }
                    }
                    assertThat(found).isLessThanOrEqualTo(client.written + 1);
                    assertThat(replica != leader || replica.commitIndex < ownFirstIndex || found >= client.written)
                            .isTrue();
                }
            }
        }
    }
}
