package io.millrace.protocol;

/**
 * A broker's number: given by its operator, unique in the cluster, and kept for as long as its data directory lives.
 *
 * @param value 0 or more
 */
public record BrokerId(int value) implements Comparable<BrokerId> {
    /**
     * Checks the number.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public BrokerId {
        if (value < 0) {
            throw new IllegalArgumentException("a broker's id is 0 or more, not " + value);
        }
    }

    @Override
    public int compareTo(BrokerId other) {
        return Integer.compare(value, other.value);
    }

    @Override
    public String toString() {
        return Integer.toString(value);
    }
}
