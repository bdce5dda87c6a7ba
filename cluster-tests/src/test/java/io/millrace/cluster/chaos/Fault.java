package io.millrace.cluster.chaos;

import java.util.List;

/**
 * Something bad that lasts for a while.
 *
 * @param beginMillis since the beginning of the run
 * @param brokers KILL, PAUSE: the one it happens to. PARTITION, ONE_WAY: those cut off from all others
 * @param breaksConnections whether a healed link forgets what was on its way, as after a reset, or delivers it late
 */
record Fault(Kind kind, long beginMillis, long lastsMillis, List<Integer> brokers, boolean breaksConnections) {
    enum Kind {
        /** {@code kill -9}; started again when it is over. */
        KILL,
        /** SIGSTOP, and SIGCONT when it is over. */
        PAUSE,
        /** Cut off in both directions. */
        PARTITION,
        /** Hears the others, and is not heard. */
        ONE_WAY
    }

    int broker() {
        return brokers.get(0);
    }

    long endMillis() {
        return beginMillis + lastsMillis;
    }

    @Override
    public String toString() {
        return kind + " broker " + broker() + " for " + lastsMillis + " ms"
                + (breaksConnections ? ", connections broken at the end" : "");
    }
}
