package io.millrace.partition.raft;

import com.google.errorprone.annotations.FormatMethod;

/** Checks that stay on in production: a member that finds its own rules broken must stop, not go on. */
final class Invariant {
    private Invariant() {}

    @FormatMethod
    static void check(boolean holds, String otherwise, Object... arguments) {
        if (!holds) {
            throw new IllegalStateException("broken invariant: " + String.format(otherwise, arguments));
        }
    }
}
