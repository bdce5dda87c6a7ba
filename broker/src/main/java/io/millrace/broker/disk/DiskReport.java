package io.millrace.broker.disk;

import io.millrace.partition.replica.DiskSpace;

/** What was found when somebody last looked at the disk. For any thread. */
public final class DiskReport {
    /** @param freeBytes that this process may use; negative while nobody has looked */
    public record State(DiskSpace space, long freeBytes) {
        public boolean isKnown() {
            return freeBytes >= 0;
        }
    }

    private volatile State state = new State(DiskSpace.AMPLE, -1);

    public State state() {
        return state;
    }

    public DiskSpace space() {
        return state.space();
    }

    void found(State now) {
        state = now;
    }
}
