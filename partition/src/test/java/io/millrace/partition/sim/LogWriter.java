package io.millrace.partition.sim;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Snapshot;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/**
 * The writer's thread of one life of a member, in virtual time: takes cuts and appends in order, writes all that is
 * waiting, forces once for all of it (group commit), and reports. The first failure is its last word.
 */
final class LogWriter {
    /** Who hears from it. */
    interface Listener {
        void durable(Input.Durable durable);

        void trimmed(LogPosition start);

        void failed(Exception failure);

        /** The power goes just now. */
        void powerFails();
    }

    private interface DiskOperation {
        void run() throws IOException;
    }

    /**
     * @param cuts whether it takes away what was there
     * @param durable what holds once this is synced; nothing new if it only takes away the beginning
     */
    private record Work(DiskOperation operation, boolean cuts, Optional<Input.Durable> durable) {}

    private final World world;
    private final Timeline timeline;
    private final SplittableRandom random;
    private final Disk disk;
    private final Conduct conduct;
    private final Listener listener;

    private final ArrayDeque<Work> waiting = new ArrayDeque<>();
    private boolean working;
    private boolean stopped;
    private long syncMicrosMax = 4_000;
    private long lastReportMicros;

    LogWriter(World world, SplittableRandom random, Disk disk, Listener listener) {
        this.world = world;
        this.timeline = world.timeline;
        this.random = random;
        this.disk = disk;
        this.conduct = world.conduct;
        this.listener = listener;
    }

    /** @param append never empty: a member cuts only to append */
    void write(OptionalLong truncateFrom, List<Entry> append, long logEpoch) {
        OptionalLong cut = conduct.cut(truncateFrom);
        add(
                () -> {
                    if (cut.isPresent()) {
                        disk.truncateFrom(cut.getAsLong());
                    }
                    disk.append(append);
                },
                cut.isPresent(),
                Optional.of(new Input.Durable(
                        logEpoch, append.get(append.size() - 1).position())));
    }

    void reset(Snapshot snapshot, long logEpoch) {
        add(() -> disk.reset(snapshot), true, Optional.of(new Input.Durable(logEpoch, snapshot.position())));
    }

    void trim(Snapshot snapshot) {
        add(
                () -> {
                    disk.trim(snapshot);
                    LogPosition start = disk.start();
                    report(() -> listener.trimmed(start));
                },
                false,
                Optional.empty());
    }

    private void add(DiskOperation operation, boolean cuts, Optional<Input.Durable> durable) {
        waiting.add(new Work(operation, cuts, durable));
        if (conduct.reportsBeforeSync()) {
            durable.ifPresent(listener::durable);
        }
        if (!working) {
            work();
        }
    }

    private void work() {
        working = true;
        timeline.after(random.nextLong(500), () -> {
            if (stopped) {
                return;
            }
            List<Work> taken = List.copyOf(waiting);
            waiting.clear();
            for (Work work : taken) {
                if (!stopped) {
                    perform(work.operation());
                }
            }
            if (taken.stream().anyMatch(Work::cuts) && !stopped && world.mayLosePowerAfterCut(random)) {
                listener.powerFails(); // what is cut is cut, whatever was written since
            }
            sync(taken.stream().flatMap(work -> work.durable().stream()).toList());
        });
    }

    private void sync(List<Input.Durable> written) {
        timeline.after(100 + random.nextLong(syncMicrosMax), () -> {
            if (stopped) {
                return;
            }
            if (conduct.syncs()) {
                perform(disk::sync);
            }
            if (stopped) {
                return;
            }
            if (!written.isEmpty()) {
                Input.Durable last = written.get(written.size() - 1);
                report(() -> listener.durable(last));
            }
            working = false;
            if (!waiting.isEmpty()) {
                work();
            }
        });
    }

    private void perform(DiskOperation operation) {
        try {
            operation.run();
        } catch (IOException e) {
            listener.failed(e);
        }
    }

    /** A message to the actor: may wait, but never overtakes an earlier one. */
    private void report(Runnable message) {
        long delayMicrosMax = world.stalls(random) ? Faults.STALL_MICROS : 200;
        lastReportMicros = Math.max(lastReportMicros, timeline.nowMicros() + random.nextLong(delayMicrosMax));
        timeline.at(lastReportMicros, message);
    }

    void syncTakesUpTo(long micros) {
        syncMicrosMax = micros;
    }

    void stop() {
        stopped = true;
    }
}
