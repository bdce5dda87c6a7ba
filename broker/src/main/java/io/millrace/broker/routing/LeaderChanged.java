package io.millrace.broker.routing;

/** Something in the {@link LeaderView} is different now. */
public record LeaderChanged(PartitionKey partition) {}
