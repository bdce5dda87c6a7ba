/**
 * Java client: producer, consumer and admin over gRPC. An application inherits grpc-java and protobuf, and no Akka.
 *
 * <pre>
 *  Producer ── TopicQueues ── PartitionQueue ── SendWindow (five batches) ──┐
 *  Consumer ── PartitionFeed ── PartitionReader ────────────────────────────┼── Calls ── Connections ── brokers
 *     └ RecordWorkers                                                       │     │
 *  Admin ───────────────────────────────────────────────────────────────────┘     │
 *                                                       RetryPolicy ── MetadataCache
 * </pre>
 *
 * <p>Three decisions shape it:
 * <ol>
 *   <li><b>Every call goes through one loop</b>, {@link io.millrace.client.Calls}: choose a broker, ask once, and on failure
 *       learn from it, ask {@link io.millrace.client.RetryPolicy} whether and when to go on, until the call's time is over.
 *       The loop is callbacks and holds no thread.
 *   <li><b>A failure says what may be done next</b>: {@link io.millrace.client.FailureReason} tells apart what was surely not
 *       applied, what may have been, and what cannot succeed unchanged. Whether a broken connection had the request on it is
 *       seen by gRPC's own tracer and not guessed from texts. What is unknown is repeated only where repeating is harmless, as
 *       it is for batches that are numbered ({@link io.millrace.client.BatchNumbers}), or counted.
 *   <li><b>Being wrong about the leader is cheap.</b> Any broker passes a request on, so
 *       {@link io.millrace.client.MetadataCache} may be old; it saves a hop. A leader that cannot be reached is avoided for a
 *       second, and the request goes by another broker.
 * </ol>
 *
 * <p>Order: full batches of a partition leave while up to four others are under way, and are repeated independently of each
 * other. Their numbers keep the order: the partition takes none without the one before it, and
 * {@link io.millrace.client.SendWindow} knows what follows from that when one fails. Batches that are not numbered leave one
 * after another, unless the application says otherwise. A batch that is not full grows while another is under way.
 *
 * <p>A consumer fetches each partition for itself ({@link io.millrace.client.PartitionFeed}), one fetch at a time: so one without a leader, or
 * paused, or slow keeps no other waiting, and back-pressure is not to ask. Batches are decoded by the thread that takes the records.
 *
 * <p>Bounds: the producer's buffer, in bytes; five requests a partition; what a consumer fetches ahead,
 * in bytes a partition, and the queues of its workers; one metadata request a topic. Time, chance and channels
 * are handed in, so tests hold all three.
 */
@NullMarked
package io.millrace.client;

import org.jspecify.annotations.NullMarked;
