package io.millrace.client;

/**
 * A consumer group in a list.
 *
 * @param state EMPTY, REBALANCING or STABLE
 */
public record GroupListing(String group, String state, int members) {}
