/**
 * Which broker should lead which partition, decided from what brokers report and the metadata say: pure, so that it can be tried
 * over hours of virtual time.
 *
 * <pre>
 *   brokers ── BrokerLoad, every few seconds ──▶ Controller ── LeaderBalancer.plan ──▶ a few LeaderMoves a cycle
 * </pre>
 */
@NullMarked
package io.millrace.controller.balance;

import org.jspecify.annotations.NullMarked;
