package io.millrace.broker.routing;

/** A partition, told apart from one of an earlier topic of the same name. */
public record PartitionKey(long topicId, int partition) {}
