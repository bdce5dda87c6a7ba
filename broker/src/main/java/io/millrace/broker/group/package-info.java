/**
 * Consumer groups: who coordinates them, and the way there.
 *
 * <pre>
 *  GroupFrontDoor, pages ─▶ Groups ── RequestRouter, as all requests ──▶ GroupCoordinator ── GroupMachine (package state)
 *                                                                          │ reads once, writes, in one term of Raft
 *                            GroupCoordinators: one in front of each       ▼
 *                            partition of __groups that is led here      PartitionActor of __groups
 * </pre>
 *
 * <p>A group belongs to one partition of the internal topic {@code __groups}, by the hash of its name; who leads that, coordinates. The topic is
 * made when it is needed first. Its records are facts ({@link io.millrace.broker.group.state.Fact}); what is not true any more is
 * trimmed away after a checkpoint.
 */
@NullMarked
package io.millrace.broker.group;

import org.jspecify.annotations.NullMarked;
