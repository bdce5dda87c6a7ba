package io.millrace.partition.sim;

import io.millrace.partition.raft.Entry;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A log on a disk that loses what was not synced. Survives the crashes of its member. The seam for the real log over a
 * simulated disk: the calls are those of its writer's thread, in that order; {@link LogWriter} gives them their time.
 */
interface SimulatedLog {
    void truncateFrom(long index);

    void append(List<Entry> entries);

    /** Everything that was cut and appended so far survives from now on. */
    void sync();

    /** The power fails; then the log is opened again. Of what was not synced, any first part may be there. */
    void crash(SplittableRandom random);

    /** What is on disk for sure, from index 1. */
    List<Entry> synced();
}
