/**
 * A partition's replica as actors: what performs around the pure classes that decide.
 *
 * <pre>
 *  PartitionCommand / PartitionReply        RaftCommand / RaftEvent            SegmentedLog (blocking)
 *  front door ─────────────▶ PartitionActor ─────────────────▶ RaftActor ───────────────▶ LogWriter
 *                            sharded entity    ◀───────────────  EventSourced   ◀───────────────  own dispatcher
 *                            offsets, fetches                    RaftCore        durable up to i
 *                                                                   ▲ PeerMessage, binary, over Artery
 *                                                                   ▼
 *                                                                RaftActor of the other brokers
 * </pre>
 *
 * The actor of the cluster's metadata stands in the same place as the PartitionActor, with another state machine.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.partition.replica;
