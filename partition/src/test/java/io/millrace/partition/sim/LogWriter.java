package io.millrace.partition.sim;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.Input;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * The writer's thread of one life of a member, in virtual time: takes cuts and appends in order, writes all that is
 * waiting, syncs once for all of it (group commit), and reports. Reads see what was handed over, written or not, as a
 * cache of recent entries would show it.
 */
final class LogWriter {
    /** @param append never empty: a member cuts only to append */
    private record Work(OptionalLong truncateFrom, List<Entry> append, long logEpoch) {
        Input.Durable durable() {
            return new Input.Durable(logEpoch, append.get(append.size() - 1).position());
        }
    }

    private final World world;
    private final Timeline timeline;
    private final SplittableRandom random;
    private final SimulatedLog log;
    private final Conduct conduct;
    private final Consumer<Input.Durable> onDurable;

    private final ArrayList<Entry> view;
    private final ArrayDeque<Work> waiting = new ArrayDeque<>();
    private boolean working;
    private boolean stopped;
    private long syncMicrosMax = 4_000;
    private long lastReportMicros;

    LogWriter(World world, SplittableRandom random, SimulatedLog log, Consumer<Input.Durable> onDurable) {
        this.world = world;
        this.timeline = world.timeline;
        this.random = random;
        this.log = log;
        this.conduct = world.conduct;
        this.onDurable = onDurable;
        this.view = new ArrayList<>(log.synced());
    }

    void write(OptionalLong truncateFrom, List<Entry> append, long logEpoch) {
        truncateFrom.ifPresent(
                index -> view.subList((int) index - 1, view.size()).clear());
        view.addAll(append);
        Work work = new Work(conduct.cut(truncateFrom), append, logEpoch);
        waiting.add(work);
        if (conduct.reportsBeforeSync()) {
            onDurable.accept(work.durable());
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
            for (Work work : waiting) {
                work.truncateFrom().ifPresent(log::truncateFrom);
                log.append(work.append());
            }
            waiting.clear();
            sync(last);
        });
    }

    private void sync(Work last) {
        timeline.after(100 + random.nextLong(syncMicrosMax), () -> {
            if (stopped) {
                return;
            }
            if (conduct.syncs()) {
                log.sync();
            }
            report(last.durable());
            working = false;
            if (!waiting.isEmpty()) {
                work();
            }
        });
    }

    /** A message to the actor: may wait, but never overtakes an earlier one. */
    private void report(Input.Durable durable) {
        long delayMicrosMax = world.stalls(random) ? Faults.STALL_MICROS : 200;
        lastReportMicros = Math.max(lastReportMicros, timeline.nowMicros() + random.nextLong(delayMicrosMax));
        timeline.at(lastReportMicros, () -> onDurable.accept(durable));
    }

    /** A read fails like this if what it asks for was cut off since. */
    List<Entry> read(long firstIndex, long lastIndex, int bytesMax) {
        ArrayList<Entry> entries = new ArrayList<>();
        long bytes = 0;
        for (long index = firstIndex; index <= Math.min(lastIndex, lastIndex()); index++) {
            Entry entry = entryAt(index);
            bytes += sizeBytes(entry);
            if (!entries.isEmpty() && bytes > bytesMax) {
                break;
            }
            entries.add(entry);
        }
        return entries;
    }

    static int sizeBytes(Entry entry) {
        return 16 + entry.payload().sizeBytes();
    }

    Entry entryAt(long index) {
        return view.get((int) index - 1);
    }

    long lastIndex() {
        return view.size();
    }

    void syncTakesUpTo(long micros) {
        syncMicrosMax = micros;
    }

    void stop() {
        stopped = true;
    }
}
