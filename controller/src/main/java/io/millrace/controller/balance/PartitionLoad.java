package io.millrace.controller.balance;

import com.fasterxml.jackson.annotation.JsonFormat;

/**
 * A partition as the broker that leads it sees it. On the wire only the values: there may be thousands.
 *
 * @param sizeBytes of the leader's log
 * @param behind other members that lack what was committed a second ago, or do not answer
 * @param bytesInPerSecond produced, as the leader got them; smoothed over about half a minute, as the others
 * @param bytesOutPerSecond fetched by consumers, not by followers
 * @param requestsPerSecond of both kinds
 */
@JsonFormat(shape = JsonFormat.Shape.ARRAY)
public record PartitionLoad(
        int partition,
        long sizeBytes,
        int behind,
        long bytesInPerSecond,
        long bytesOutPerSecond,
        long requestsPerSecond) {}
