/**
 * How a request finds the partition's leader, and how an answer finds its request.
 *
 * <pre>
 *  front door ── PartitionGateway ──▶ RequestRouter (a few actors; a partition always has the same one)
 *                admission: bytes,      │ correlation id → pending        tell, replyTo = router
 *                requests               ├────────────────────────────────▶ leader's PartitionActor, here or elsewhere
 *                                       │ ◀──────────────────────────────── PartitionReply
 *                LeaderView ◀── reads ──┘
 *                    ▲ writes
 *                LeaderDirectory (one actor) ◀── LeaderObserved, from this broker's replicas
 *                    ▲   │
 *                    │   └──▶ directories of the other brokers: the leaders that live here
 *                BrokerReachability: who cannot be reached now, as Akka Cluster says
 * </pre>
 *
 * <p>No {@code ask} on this path: it would cost an actor and, from Java, often a thread for each request. Each request ends
 * in exactly one of three ways, by its deadline at the latest: answered; surely not done; or done perhaps
 * ({@link io.millrace.broker.Failure.OutcomeUnknown}). Only what was surely not done is sent again.
 *
 * <p>Requests for one partition reach its leader in the order in which the gateway got them. While one waits for a leader, all
 * that come after it wait as well.
 */
@NullMarked
package io.millrace.broker.routing;

import org.jspecify.annotations.NullMarked;
