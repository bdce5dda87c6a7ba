/**
 * Consensus, and nothing else: one member of a Raft group as a deterministic state machine.
 *
 * <p>{@link io.millrace.partition.raft.RaftCore#step} takes an {@link io.millrace.partition.raft.Input} and returns an
 * {@link io.millrace.partition.raft.Output}. No thread, clock, disk, network or random source of its own; no dependency
 * on Akka or on the rest of Millrace (an ArchUnit test says so). The actor around it lives in {@code replica}, the
 * simulator in the tests.
 *
 * <ul>
 *   <li>{@link io.millrace.partition.raft.RaftCore}: elections ({@code ElectionTimer}), and following a leader
 *   <li>{@code MemberLog}: the own log – what is in it, on disk, verified, committed – and what may become of it
 *   <li>{@link io.millrace.partition.raft.StateMachine}, {@link io.millrace.partition.raft.Snapshot}, {@code SnapshotAssembly}:
 *       what stands for the beginning of a log that is gone, and how it comes to who needs it (decision 010)
 *   <li>{@code Leadership}, {@code Progress}: leading – what the others have, what to send, what a majority has
 *   <li>{@code ReadIndexQueue}, {@code ForwardedReads}: reads that see everything acknowledged before, at any member
 *   <li>{@code Quiescence}: when a group may sleep, and what wakes it
 *   <li>{@link io.millrace.partition.raft.Membership}, {@code ConfigurationHistory}, {@link
 *       io.millrace.partition.raft.MembershipChange}, {@code ChangeRules}, {@code CatchUp}: who takes part, and how that changes
 *   <li>{@code Transfer}, {@code Succession}: handing leadership over, on request and when another can serve better
 *   <li>{@link io.millrace.partition.raft.TermHistory}: all that consensus needs to know of the log
 *   <li>{@link io.millrace.partition.raft.Message}: what members say to each other
 * </ul>
 */
@org.jspecify.annotations.NullMarked
package io.millrace.partition.raft;
