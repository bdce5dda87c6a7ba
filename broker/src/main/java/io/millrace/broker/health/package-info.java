/**
 * What is wrong, by name: {@link io.millrace.broker.health.HealthCheck} decides from what was seen, {@link
 * io.millrace.broker.health.HealthWatch} looks every few seconds and when somebody asks, and {@link
 * io.millrace.broker.health.ProblemHistory} remembers since when.
 *
 * <p>Each broker tells what it knows at first hand: its disk, its replicas, the followers of the partitions that it leads, and which
 * brokers it cannot reach. Replicas that sleep are not asked; there is nothing to say of them.
 */
@NullMarked
package io.millrace.broker.health;

import org.jspecify.annotations.NullMarked;
