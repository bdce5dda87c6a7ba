package io.millrace.partition.replica;

/**
 * How much room a broker's disk has, as far as its replicas act on it. They stop while there is some left, because a
 * write that fails for want of it is a fault like any other, after which a replica has to be opened anew.
 */
public enum DiskSpace {
    /** Everything goes on. */
    AMPLE,

    /** The broker's leaders take no more records. Its followers go on: their leaders' brokers may have room enough. */
    LOW,

    /**
     * Its followers take no more records either, and neither confirm nor hinder: their groups go on with the others. What
     * room is left is for elections, the journal and the cluster's metadata, which are small.
     */
    EXHAUSTED;

    boolean leadersTakeRecords() {
        return this == AMPLE;
    }

    boolean followersTakeRecords() {
        return this != EXHAUSTED;
    }
}
