package io.millrace.controller.metadata;

/**
 * The effect of one log entry.
 *
 * @param next the metadata after it
 * @param result for whoever proposed it
 */
public record Applied(ClusterMetadata next, MetadataResult result) {}
