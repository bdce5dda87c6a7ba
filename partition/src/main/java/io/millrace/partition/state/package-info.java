/**
 * What a partition replica decides, as plain classes: no Akka, no I/O, no clock.
 *
 * <p>All of it follows the log: {@link io.millrace.partition.state.PartitionOffsets} knows where its records are, {@link
 * io.millrace.partition.state.WriteHistory} who wrote them last and, where that is compared, what they say, {@link
 * io.millrace.partition.state.ReplicaHistory} how to know that again after a start.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.partition.state;
