package io.millrace.partition.sim;

import io.millrace.partition.raft.Entry;

/** Hashes that are the same in every JVM, unlike {@link Object#hashCode()} of an enum. */
final class Hashing {
    private Hashing() {}

    static long mix(long hash, long value) {
        long mixed = (hash ^ value) * 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ (mixed >>> 29)) * 0xBF58476D1CE4E5B9L;
        return mixed ^ (mixed >>> 32);
    }

    /** Over an entry and, by the hash of the one before it, the whole log up to it. */
    static long chain(long before, Entry entry) {
        return mix(
                mix(mix(mix(before, entry.index()), entry.term()), entry.type().code()), content(entry));
    }

    static long content(Entry entry) {
        return mix(entry.payload().sizeBytes(), entry.payload().hashCode());
    }
}
