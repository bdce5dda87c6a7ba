/** Consensus as a deterministic state machine: no thread, clock, disk or network. */
@NullMarked
package io.millrace.partition.raft;

import org.jspecify.annotations.NullMarked;
