package io.millrace.controller.balance;

/** A partition, for as long as its topic lives. */
public record PartitionId(long topicId, int partition) {}
