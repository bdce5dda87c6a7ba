package io.millrace.benchmarks.cluster;

import io.millrace.client.load.Payloads;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Members join a group and leave it while records come to all partitions in turn. Each change waits until what the one before it has moved
 * has come to rest.
 */
final class Rebalances {
    private static final int MEMBERS_AT_FIRST = 3;
    /** So long must all have been even before it counts as that. */
    private static final long REST_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(120);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final LoadClient client;
    private final Task task;
    private final Handovers handovers;
    private final Map<Integer, LoadClient.Receiver> members = new TreeMap<>();
    private final AtomicReference<@Nullable Throwable> problem = new AtomicReference<>();
    private volatile boolean ending;

    private double keptMillis;
    private double movedMillis;
    private double restSeconds;
    private int moved;

    Rebalances(LoadClient client, Task task) {
        this.client = client;
        this.task = task;
        this.handovers = new Handovers(task.partitions());
    }

    TaskResult run() throws Exception {
        try (LoadClient.Sender sender =
                client.sender(task.topic(), task.partitions(), Payloads.random(task.recordBytes()), false)) {
            Thread sending = new Thread(() -> send(sender), "sender");
            sending.start();
            try {
                return measured();
            } finally {
                ending = true;
                sending.join();
                members.values().forEach(LoadClient.Receiver::close);
            }
        }
    }

    private TaskResult measured() throws Exception {
        for (int member = 1; member <= MEMBERS_AT_FIRST; member++) {
            join(member);
        }
        awaitRest(System.nanoTime());
        look(TimeUnit.SECONDS.toNanos(task.warmUpSeconds()));
        long from = System.nanoTime();
        look(TimeUnit.SECONDS.toNanos(task.seconds()));
        Handovers.Pauses quiet = handovers.between(from, System.nanoTime());

        change(() -> join(4));
        change(() -> join(5));
        change(() -> leave(4));
        change(() -> leave(1));

        Map<Metric, Double> metrics = new EnumMap<>(Metric.class);
        metrics.put(Metric.PAUSE_QUIET, quiet.keptMillis());
        metrics.put(Metric.PAUSE_KEPT, keptMillis);
        metrics.put(Metric.PAUSE_MOVED, movedMillis);
        metrics.put(Metric.UNTIL_MOVED, restSeconds);
        metrics.put(Metric.MOVED, (double) moved);
        return new TaskResult(null, metrics, null);
    }

    private void join(int member) throws Exception {
        members.put(
                member,
                client.receiveInGroup(
                        task.topic(),
                        task.topic() + "-group",
                        partition -> handovers.handled(partition, member, System.nanoTime())));
    }

    private void leave(int member) {
        members.remove(member).close();
    }

    private interface Change {
        void make() throws Exception;
    }

    private void change(Change change) throws Exception {
        long from = System.nanoTime();
        change.make();
        awaitRest(from);
        Handovers.Pauses pauses = handovers.between(from, System.nanoTime());
        keptMillis = Math.max(keptMillis, pauses.keptMillis());
        movedMillis = Math.max(movedMillis, pauses.movedMillis());
        moved += pauses.moved();
        restSeconds = Math.max(restSeconds, (pauses.lastMoveNanos() - from) / 1e9);
    }

    /** Waits until each member has its share. */
    private void awaitRest(long from) {
        Set<Integer> all = new HashSet<>(members.keySet());
        while (!handovers.evenSince(Math.max(from, System.nanoTime() - REST_NANOS), all)
                || System.nanoTime() - from < REST_NANOS) {
            if (System.nanoTime() - from > PATIENCE_NANOS) {
                throw new IllegalStateException("the members " + all + " do not share the partitions evenly after "
                        + TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NANOS) + " s");
            }
            look(LOOK_NANOS);
        }
    }

    /** Waits for so long, as long as records are sent. */
    private void look(long nanos) {
        long end = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = end - System.nanoTime()) {
            Throwable cause = problem.get();
            if (cause != null) {
                throw new IllegalStateException("a record failed", cause);
            }
            LockSupport.parkNanos(Math.min(left, LOOK_NANOS));
        }
    }

    private void send(LoadClient.Sender sender) {
        long start = System.nanoTime();
        for (long number = 0; !ending; number++) {
            sender.send(number, failure -> problem.compareAndSet(null, failure));
            long due = start + (number + 1) * TimeUnit.SECONDS.toNanos(1) / Driver.PACED_PER_SECOND;
            for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
        }
    }
}
