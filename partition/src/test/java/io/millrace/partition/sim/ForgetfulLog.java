package io.millrace.partition.sim;

import io.millrace.partition.raft.Entry;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** The simplest disk that is as cruel as a real one: operations reach it in order, and a crash keeps some first part. */
final class ForgetfulLog implements SimulatedLog {
    /** Either a cut or one entry. */
    private record Operation(OptionalLong truncateFrom, @Nullable Entry append) {}

    private final ArrayList<Entry> synced = new ArrayList<>();
    private final ArrayList<Operation> unsynced = new ArrayList<>();
    private final BiConsumer<Long, List<Entry>> onCut;

    /** @param onCut hears of entries that leave the disk: the index of the first, and all of them */
    ForgetfulLog(BiConsumer<Long, List<Entry>> onCut) {
        this.onCut = onCut;
    }

    @Override
    public void truncateFrom(long index) {
        unsynced.add(new Operation(OptionalLong.of(index), null));
    }

    @Override
    public void append(List<Entry> entries) {
        for (Entry entry : entries) {
            unsynced.add(new Operation(OptionalLong.empty(), entry));
        }
    }

    @Override
    public void sync() {
        unsynced.forEach(this::apply);
        unsynced.clear();
    }

    @Override
    public void crash(SplittableRandom random) {
        int surviving = random.nextInt(unsynced.size() + 1);
        unsynced.subList(0, surviving).forEach(this::apply);
        unsynced.clear();
    }

    private void apply(Operation operation) {
        operation.truncateFrom().ifPresent(index -> {
            List<Entry> cut = synced.subList((int) index - 1, synced.size());
            onCut.accept(index, List.copyOf(cut));
            cut.clear();
        });
        Entry entry = operation.append();
        if (entry != null) {
            int at = (int) entry.index() - 1;
            if (at < synced.size()) {
                synced.set(at, entry); // only if a planted bug has swallowed a cut: then this is what a file does
            } else {
                synced.add(entry);
            }
        }
    }

    @Override
    public List<Entry> synced() {
        return synced;
    }
}
