/**
 * Faults by chance on real processes, under load, with a verdict at the end; run by {@code bin/chaos}.
 *
 * <pre>
 *  FaultPlan   what happens when, all of it from one seed           decides
 *  Chaos       does it: kills, stops, cuts, starts again            performs
 *  Links       a proxy before each broker, so that links can be cut
 *  Load        producers, one a partition; remembers every acknowledgement
 *  Audit       reads it all back: lost? twice? changed? reordered?  decides
 *  Gaps        how long nothing was acknowledged, and why
 *  Members     consumers of one group, each a process: kills and stops them as well
 *  GroupAudit  compares what they wrote down: missed? again, though committed? out of order?  decides
 *  Failovers   another run of the same parts: kills the leader again and again
 * </pre>
 *
 * <p>A verdict depends on what was read back only, never on how fast anything was: the machine may be busy.
 */
@NullMarked
package io.millrace.cluster.chaos;

import org.jspecify.annotations.NullMarked;
