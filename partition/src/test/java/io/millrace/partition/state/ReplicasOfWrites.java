package io.millrace.partition.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.state.WriteHistory.Logged;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Three replicas with logs that may differ, leaders that come and go by Raft's rules, restarts, lost answers, and clients
 * that send each batch until they hear that it is written. What is in the entries, and must hold of them, a test says.
 *
 * @param <C> what is in an entry
 */
abstract class ReplicasOfWrites<C extends ReplicasOfWrites.Content> {
    private static final int REPLICAS = 3;
    static final int CLIENTS = 3;

    interface Content {
        int recordCount();
    }

    /** @param content null for a leader's first entry */
    record Entry<C extends Content>(long term, @Nullable C content, long offset) {
        long nextOffset() {
            return content == null ? offset : offset + content.recordCount();
        }
    }

    final class Replica {
        final List<Entry<C>> log = new ArrayList<>();
        ReplicaHistory history = new ReplicaHistory(0);
        private boolean restored;
        /** How it compares records by content since it was started. */
        Optional<DedupBounds> ownBounds = bounds;

        private byte[] snapshot = new WriteHistory(bounds).toBytes();
        private long snapshotIndex;
        long commitIndex;

        private long lastTerm() {
            return log.isEmpty() ? 0 : log.get(log.size() - 1).term();
        }

        private long nextOffset() {
            return log.isEmpty() ? 0 : log.get(log.size() - 1).nextOffset();
        }

        private void append(Entry<C> entry) {
            log.add(entry);
            logged(log.size(), entry).ifPresent(history::appended);
        }

        private void commit(long index) {
            if (index > commitIndex) {
                commitIndex = index;
                history.committed(index);
            }
        }

        /** How much of its log is committed, it will hear from a leader, or find out as one. */
        private void restart() {
            commitIndex = 0;
            history = new ReplicaHistory(log.size());
            ownBounds = bounds;
            restored = false;
        }

        private void restoreOrRead() {
            if (!restored) {
                WriteHistory.wholeFromBytes(snapshot, ownBounds)
                        .ifPresentOrElse(
                                whole -> history.restored(whole, snapshotIndex),
                                () -> history.restored(new WriteHistory(ownBounds), 0));
                restored = true;
            }
            history.toRead().ifPresent(range -> {
                long last = range.first() + random.nextInt((int) (range.last() - range.first() + 1));
                List<Logged> found = new ArrayList<>();
                for (long index = range.first(); index <= last; index++) {
                    logged(index, log.get((int) index - 1)).ifPresent(found::add);
                }
                history.read(found, last);
            });
        }

        private void takeSnapshot() {
            if (history.isComplete()) {
                snapshot = history.complete().committedCopy().toBytes();
                snapshotIndex = history.committedIndex();
            }
        }
    }

    static final class Client {
        final int id;
        int written;
        int nextSequence;

        private Client(int id) {
            this.id = id;
        }

        ProducerBatch batch(int recordCount) {
            return new ProducerBatch(id, (short) 0, nextSequence, recordCount);
        }
    }

    final Random random;
    /** Of replicas that are started from now on. */
    Optional<DedupBounds> bounds;

    final List<Replica> replicas = new ArrayList<>();
    final List<Client> clients = new ArrayList<>();
    private final List<Entry<C>> proposed = new ArrayList<>();
    private @Nullable Replica leader;
    long term;
    private long ownFirstIndex;
    long proposedOffset;
    int elections;

    ReplicasOfWrites(Random random, Optional<DedupBounds> bounds) {
        this.random = random;
        this.bounds = bounds;
        for (int i = 0; i < REPLICAS; i++) {
            replicas.add(new Replica());
        }
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(new Client(i));
        }
    }

    abstract Optional<Logged> logged(long index, Entry<C> entry);

    /** The client sends what it has not heard of yet. */
    abstract void send(Client client, Replica leader);

    abstract void check();

    final void run(int steps) {
        for (int step = 0; step < steps; step++) {
            step();
            check();
        }
        healAndWriteOnce();
    }

    /** The next entry of the leader's log, some time. */
    final void propose(C content) {
        proposed.add(new Entry<>(term, content, proposedOffset));
        proposedOffset += content.recordCount();
    }

    final boolean hasProposed() {
        return !proposed.isEmpty();
    }

    final boolean isServing(Replica replica) {
        return replica == leader && replica.commitIndex >= ownFirstIndex;
    }

    private void step() {
        Replica any = replicas.get(random.nextInt(REPLICAS));
        switch (random.nextInt(20)) {
            case 0 -> elect(any);
            case 1 -> restart(any);
            case 2 -> any.takeSnapshot();
            case 3, 4, 5, 6, 7 -> replicateTo(any);
            case 8, 9 -> commit();
            case 10, 11 -> appendProposed();
            case 12, 13 -> any.restoreOrRead();
            default -> send(clients.get(random.nextInt(CLIENTS)));
        }
    }

    /** Without further trouble, whoever leads goes on with every client. */
    private void healAndWriteOnce() {
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
                replicas.forEach(Replica::restoreOrRead);
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
        return clients.stream().allMatch(client -> client.written > before.get(client.id));
    }

    private void send(Client client) {
        Replica to = leader;
        if (to != null && isServing(to) && to.history.isComplete()) {
            send(client, to);
        }
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
        candidate.append(new Entry<>(term, null, candidate.nextOffset()));
        ownFirstIndex = candidate.log.size();
        proposedOffset = candidate.nextOffset();
    }

    private void stepDown() {
        proposed.clear();
        if (leader != null) {
            leader.history.abandonProposed();
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
            follower.history.truncated(same + 1);
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
            List<Entry<C>> prefix = from.log.subList(0, index);
            int size = index;
            long having = replicas.stream()
                    .filter(each ->
                            each.log.size() >= size && each.log.subList(0, size).equals(prefix))
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
}
