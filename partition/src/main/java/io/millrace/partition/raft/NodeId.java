package io.millrace.partition.raft;

/** A member of a Raft group; in Millrace, the id of the broker that holds the replica. */
public record NodeId(int value) implements Comparable<NodeId> {
    @Override
    public int compareTo(NodeId other) {
        return Integer.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Integer.toString(value);
    }
}
