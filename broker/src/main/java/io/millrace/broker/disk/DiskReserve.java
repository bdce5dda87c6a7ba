package io.millrace.broker.disk;

import io.millrace.partition.replica.DiskSpace;

/**
 * What is kept free on the disk. Below the whole of it space is {@link DiskSpace#LOW}, below half of it {@link
 * DiskSpace#EXHAUSTED}. To be out of either again takes an eighth of the reserve more, so that the state does not flap
 * around a threshold.
 *
 * @param bytes 0: nothing is kept free, and space is always ample
 */
public record DiskReserve(long bytes) {
    public DiskReserve {
        if (bytes < 0) {
            throw new IllegalArgumentException("a reserve of " + bytes + " bytes");
        }
    }

    DiskSpace after(DiskSpace before, long freeBytes) {
        long more = bytes / 8;
        long low = bytes + (before == DiskSpace.AMPLE ? 0 : more);
        long exhausted = bytes / 2 + (before == DiskSpace.EXHAUSTED ? more : 0);
        return freeBytes < exhausted ? DiskSpace.EXHAUSTED : freeBytes < low ? DiskSpace.LOW : DiskSpace.AMPLE;
    }
}
