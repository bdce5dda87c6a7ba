/**
 * Who decides what the cluster looks like, and how every broker comes to know it.
 *
 * <pre>
 *   front door of any broker                          every broker
 *        │ ControllerCommand                          ┌───────────────────────────────────────────────┐
 *        ▼ (singleton proxy)                          │ MetadataReplica        MetadataView           │
 *   Controller ── ControllerDecisions (pure) ──┐      │  applies in order  ──▶  current(), caughtUp() │──▶ anyone
 *   one in the cluster                         │      │  to ClusterMetadata     any thread reads      │
 *        ▲                                     │      │      ▲ │                                      │
 *        │ BrokerLiveness (who is reachable)   └─────▶│      │ ▼ RaftCommand / RaftEvent              │
 *        │                    Propose(command, epoch) │    RaftActor of the group __metadata          │
 *        └── ProposalOutcome ◀────────────────────────│                                               │
 *                                                     └───────────────────────────────────────────────┘
 * </pre>
 *
 * <p><b>The controller holds no state that matters.</b> What it decides becomes true when the Raft group {@code __metadata}
 * has committed it and not before; the next controller finds it there. A singleton with a journal of its own would lose
 * everything when it moves to another broker.
 *
 * <p><b>Two controllers can do no harm.</b> Cluster Singleton keeps it to one as long as all see the same cluster; in a split
 * there may be two. {@link io.millrace.controller.metadata} says how the epoch in each command lets only one through.
 *
 * <p><b>One decision at a time.</b> The controller proposes the next command when the one before is applied on its own broker, so
 * every decision knows of all earlier ones and placement stays even. Commands are rare and a round is a few
 * milliseconds; creating a topic of any size is one command.
 *
 * <p><b>What the caller may do next</b> is in the name of each {@link io.millrace.controller.ControllerReply}: surely not
 * done, perhaps done, or never possible.
 *
 * <p>To be read in this order: {@link io.millrace.controller.metadata.ClusterMetadata},
 * {@link io.millrace.controller.MetadataReplica}, {@link io.millrace.controller.ControllerDecisions},
 * {@link io.millrace.controller.Controller}.
 */
@NullMarked
package io.millrace.controller;

import org.jspecify.annotations.NullMarked;
