package io.millrace.partition.sim;

import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.log.SegmentSummary;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.log.SimulatedStorage;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Snapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A member's disk through all its lives: the real log over a directory that loses, tears and fails, and beside it what
 * was written and forced, to tell after each crash whether the log kept what it must.
 */
final class Disk {
    /** Who hears of entries that leave the disk, or are not what they should be. */
    interface Observer {
        void cut(List<Entry> entries);

        void broken(String what);

        /** All entries up to one that is committed. */
        List<Entry> committedUpTo(long index);

        /** Opening found fewer entries than had been forced. */
        void lost(int forced, int found);
    }

    /** The newest segment, and where it ended. */
    private record End(long firstIndex, long sizeBytes) {}

    private final LogSettings settings;
    private final Random salts;
    private final Observer observer;
    private final SimulatedStorage storage = new SimulatedStorage();

    /**
     * What the log was given, whether it is done with it or not, from index 1: what it was given a snapshot for, too.
     */
    private final ArrayList<Entry> written = new ArrayList<>();
    /** So many of them survive whatever happens. */
    private int forced;

    /** A snapshot was to take the place of all of it, and of these entries; it may have, or not. */
    private @Nullable List<Entry> replacement;
    /** The log may begin after this entry, not later. */
    private long trimmedTo;

    private @Nullable SegmentedLog log;
    /** What was forced last; and what was forced before, so that what was forced last says so. */
    private @Nullable End lastForced;

    private @Nullable End vouchedFor;

    Disk(LogSettings settings, SplittableRandom random, Observer observer) {
        this.settings = settings;
        this.salts = new Random(random.nextLong());
        this.observer = observer;
    }

    SimulatedStorage storage() {
        return storage;
    }

    /** What is on disk for sure, from index 1. */
    List<Entry> synced() {
        return written.subList(0, forced);
    }

    /** Of the last entry that may be there; 0 if there is none. */
    long lastTerm() {
        return Math.max(lastTermOf(written), lastTermOf(replacement == null ? List.of() : replacement));
    }

    private static long lastTermOf(List<Entry> entries) {
        return entries.isEmpty() ? 0 : entries.get(entries.size() - 1).term();
    }

    int syncedCount() {
        return forced;
    }

    /** Opens the log, or finds that it cannot be opened; then nothing has changed. */
    SegmentedLog open() throws IOException {
        SegmentedLog opened = storage.openLog(settings, OffsetReader.recordBatches(), salts::nextLong);
        List<Entry> replacing = replacement;
        replacement = null;
        int start = (int) opened.start().index();
        if (replacing != null && start == replacing.size()) {
            replaceBy(replacing);
        }
        List<Entry> found = new ArrayList<>(written.subList(0, Math.min(start, written.size())));
        found.addAll(opened.read(opened.firstIndex(), Long.MAX_VALUE, Integer.MAX_VALUE));
        if (start > trimmedTo) {
            observer.broken("begins after " + start + ", and may only after " + trimmedTo);
        }
        if (found.size() < forced) {
            observer.lost(forced, found.size());
        }
        if (found.size() > written.size() || !found.equals(written.subList(0, found.size()))) {
            observer.broken("finds entries that were never written");
        }
        written.clear();
        written.addAll(found);
        forced = written.size();
        log = opened;
        vouchedFor = null;
        lastForced = endOf(opened);
        return opened;
    }

    private void replaceBy(List<Entry> entries) {
        written.clear();
        written.addAll(entries);
        forced = written.size();
        trimmedTo = forced;
    }

    private SegmentedLog log() {
        SegmentedLog open = log;
        if (open == null) {
            throw new IllegalStateException("the log is not open");
        }
        return open;
    }

    void truncateFrom(long index) throws IOException {
        int kept = (int) index - 1;
        if (kept < forced) {
            observer.cut(List.copyOf(written.subList(kept, forced)));
        }
        forced = Math.min(forced, kept); // from now on a crash may take the rest, until it has to
        log().truncateFrom(index);
        written.subList(Math.min(kept, written.size()), written.size()).clear();
        forced = written.size();
        vouchedFor = null;
        lastForced = endOf(log());
    }

    void trim(Snapshot snapshot) throws IOException {
        trimmedTo = Math.max(trimmedTo, snapshot.position().index());
        log().trimPrefix(snapshot);
    }

    LogPosition start() {
        return log().start();
    }

    /** All that is there goes; what was forced of it, if it is not of what the snapshot stands for. */
    void reset(Snapshot snapshot) throws IOException {
        List<Entry> replacing = observer.committedUpTo(snapshot.position().index());
        int same = 0;
        while (same < Math.min(forced, replacing.size()) && written.get(same).equals(replacing.get(same))) {
            same++;
        }
        observer.cut(List.copyOf(written.subList(same, forced)));
        forced = same; // from now on a crash may take the rest, until it has to
        replacement = replacing;
        log().reset(snapshot);
        replacement = null;
        replaceBy(replacing);
        vouchedFor = null;
        lastForced = endOf(log());
    }

    void append(List<Entry> entries) throws IOException {
        written.addAll(entries);
        log().append(entries);
    }

    void sync() throws IOException {
        log().sync();
        if (forced < written.size()) {
            vouchedFor = lastForced;
            lastForced = endOf(log());
        }
        forced = written.size();
    }

    private static End endOf(SegmentedLog log) {
        List<SegmentSummary> segments = log.segments();
        SegmentSummary newest = segments.get(segments.size() - 1);
        return new End(newest.firstIndex(), newest.sizeBytes());
    }

    /**
     * Flips a bit in what is forced and vouched for by something that is forced as well: damage to the last force alone
     * cannot be told from a torn write.
     *
     * @return whether there is such a bit
     */
    boolean flipBit(SplittableRandom random) {
        List<String> names = storage.list().stream()
                .filter(name -> !name.endsWith(".intent"))
                .sorted()
                .toList();
        SegmentedLog open = log;
        if (names.isEmpty() || open == null) {
            return false;
        }
        String name = names.get(random.nextInt(names.size()));
        End end = vouchedFor;
        long newest = endOf(open).firstIndex();
        int limit = storage.contentOf(name).length;
        if (name.startsWith(String.format(Locale.ROOT, "%020d", newest)) && name.endsWith(".log")) {
            limit = end != null && end.firstIndex() == newest ? (int) end.sizeBytes() : 0;
        }
        if (limit == 0) {
            return false;
        }
        storage.flipBit(name, random.nextInt(limit), random.nextInt(8));
        return true;
    }

    /** All of it is gone. Nobody may have it open. */
    void wipe() {
        storage.clearFaults();
        storage.limitTo(Long.MAX_VALUE);
        try {
            for (String name : storage.list()) {
                storage.delete(name);
            }
            storage.syncDirectory();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        written.clear();
        forced = 0;
        trimmedTo = 0;
        replacement = null;
    }

    /** The power fails. */
    void crash(SplittableRandom random) {
        storage.crash(new Random(random.nextLong()));
        log = null;
    }

    /** The process ends, and the operating system goes on. */
    void kill() {
        storage.kill();
        log = null;
    }
}
