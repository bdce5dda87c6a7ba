package io.millrace.partition.raft;

import java.util.Arrays;
import java.util.Collection;
import java.util.Set;
import java.util.function.ToLongFunction;

/** Arithmetic of majorities. */
final class Quorum {
    private Quorum() {}

    static boolean isMajority(Set<NodeId> of, Collection<NodeId> agreeing) {
        long count = agreeing.stream().filter(of::contains).distinct().count();
        return count > of.size() / 2;
    }

    /** The largest value that a majority of the voters has reached or passed (§3.6, etcd's {@code CommittedIndex}). */
    static long reachedByMajority(Set<NodeId> voters, ToLongFunction<NodeId> value) {
        long[] values = new long[voters.size()];
        int i = 0;
        for (NodeId voter : voters) {
            values[i++] = value.applyAsLong(voter);
        }
        Arrays.sort(values);
        return values[(values.length - 1) / 2];
    }
}
