package io.millrace.partition.sim;

import io.millrace.partition.raft.Configuration;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.RaftCore;
import io.millrace.partition.raft.RaftSettings;
import io.millrace.partition.raft.TermHistory;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;

/**
 * How what surrounds a core behaves where it could do wrong. As it stands here, correctly; a planted bug overrides one
 * method, to show that the simulator finds it.
 */
class Conduct {
    static final Conduct CORRECT = new Conduct();

    /** Nothing of an output is done before its hard state is durable. */
    boolean waitsForHardState() {
        return true;
    }

    /** What a member knows after a restart. */
    HardState recovered(HardState durable) {
        return durable;
    }

    /** As {@link RaftCore#RaftCore}. */
    RaftCore core(
            NodeId self,
            Configuration atStart,
            RaftSettings settings,
            HardState hardState,
            TermHistory log,
            Random random,
            long nowMillis) {
        return new RaftCore(self, atStart, settings, hardState, log, random, nowMillis);
    }

    /** What a member begins with whose disk was lost. */
    HardState rebuilt(HardState anew) {
        return anew;
    }

    /** What is written to disk is reported when it was synced, not before. */
    boolean reportsBeforeSync() {
        return false;
    }

    /** A sync makes everything written so far survive. */
    boolean syncs() {
        return true;
    }

    /** The cut that reaches the disk. */
    OptionalLong cut(OptionalLong truncateFrom) {
        return truncateFrom;
    }

    /** The report that reaches the core. */
    Input.Durable reported(Shell shell, Input.Durable durable) {
        return durable;
    }

    /** Who sleeps is told of nodes that cannot be reached. */
    boolean detectsFailures() {
        return true;
    }

    /** A leader asks a majority whether it still leads before it lets anybody read. */
    boolean confirmsLeadership() {
        return true;
    }

    /** The clock of a process that is stopped counts on. */
    boolean clockCountsPauses() {
        return true;
    }

    Message outgoing(Shell shell, Message message) {
        return message;
    }

    boolean sends(Message message) {
        return true;
    }

    Message incoming(Shell shell, Message message) {
        return message;
    }

    /** Entries that were read are sent only by the leader of the very term in which they were asked for. */
    boolean maySend(boolean leadsInTermOfRead) {
        return leadsInTermOfRead;
    }

    /** Up to where the state machine applies. */
    long applyUpTo(long commitIndex, long lastIndex) {
        return commitIndex;
    }

    /** Committed entries are applied as they are, in their order. */
    List<Entry> applied(List<Entry> entries) {
        return entries;
    }

    /** Clients hear of success only once their entry is committed. */
    boolean acknowledgesWhenAppended() {
        return false;
    }

    /** Who does not lead any more does not know what becomes of its proposals. */
    boolean abandonsWhenDeposed() {
        return true;
    }

    /** A new leader does not know what its predecessors have acknowledged until its own first entry is committed. */
    boolean servesOnlyAfterOwnEntry() {
        return true;
    }

    /** The offset of the first record that a leader appends. */
    long firstOffset(long logEndOffset, long highWatermark) {
        return logEndOffset;
    }
}
