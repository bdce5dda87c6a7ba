/**
 * What a broker counts and measures, as {@code /metrics} shows it to Prometheus. {@code docs/metrics.md} lists all of it.
 *
 * <pre>
 *  PartitionGateway ── Traffic ────────▶ RequestMeters ──▶ TopicMeters (the first so many topics apart, the rest together)
 *  Faults ─── the reason of each error ─▶ RequestMeters
 *  replicas ── ReplicaMetrics ─────────▶ ReplicaMeters
 *  journal ─── JournalForces ──────────▶ BrokerMetrics
 *  all that is known anyway ◀── read when somebody asks ── BrokerGauges ──▶ GroupLagMeters (of GroupLags, which asks leaders for it)
 * </pre>
 *
 * <p>Whoever works adds to a {@link java.util.concurrent.atomic.LongAdder} or records one duration, once a request, proposal or force.
 * Everything else is looked up when {@code /metrics} is asked for. The registry is the broker's own: several brokers may run in one
 * process, and then the JVM's figures are in each of them.
 */
@NullMarked
package io.millrace.broker.metrics;

import org.jspecify.annotations.NullMarked;
