package io.millrace.partition.sim;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.Input;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
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

        void failed(Exception failure);

        /** The power goes just now. */
        void powerFails();
    }

    /** @param append never empty: a member cuts only to append */
    private record Work(OptionalLong truncateFrom, List<Entry> append, long logEpoch) {
        Input.Durable durable() {
            return new Input.Durable(logEpoch, append.get(append.size() - 1).position());
        }
    }

    private interface DiskOperation {
        void run() throws IOException;
    }

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

    void write(OptionalLong truncateFrom, List<Entry> append, long logEpoch) {
        Work work = new Work(conduct.cut(truncateFrom), append, logEpoch);
        waiting.add(work);
        if (conduct.reportsBeforeSync()) {
            listener.durable(work.durable());
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
            Work last = waiting.getLast();
            boolean cuts = waiting.stream().anyMatch(work -> work.truncateFrom().isPresent());
            perform(() -> {
                for (Work work : waiting) {
                    if (work.truncateFrom().isPresent()) {
                        disk.truncateFrom(work.truncateFrom().getAsLong());
                    }
                    disk.append(work.append());
                }
            });
            waiting.clear();
            if (cuts && !stopped && world.mayLosePowerAfterCut(random)) {
                listener.powerFails(); // what is cut is cut, whatever was written since
            }
            sync(last);
        });
    }

    private void sync(Work last) {
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
            report(last.durable());
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
    private void report(Input.Durable durable) {
        long delayMicrosMax = world.stalls(random) ? Faults.STALL_MICROS : 200;
        lastReportMicros = Math.max(lastReportMicros, timeline.nowMicros() + random.nextLong(delayMicrosMax));
        timeline.at(lastReportMicros, () -> listener.durable(durable));
    }

    void syncTakesUpTo(long micros) {
        syncMicrosMax = micros;
    }

    void stop() {
        stopped = true;
    }
}
