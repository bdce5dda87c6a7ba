package io.millrace.client;

import io.millrace.protocol.TopicPartition;
import java.time.Instant;
import java.util.OptionalLong;

/**
 * What became, or would become, of a group's offset.
 *
 * @param before empty: nothing was committed
 */
public record OffsetReset(TopicPartition partition, OptionalLong before, long after) {
    /** Where to. */
    public sealed interface Target {
        enum End implements Target {
            /** The first record that can be read. */
            EARLIEST,
            /** The end. */
            LATEST
        }

        /** This offset, or the nearest that can be read. */
        record Offset(long offset) implements Target {}

        /** The first record that is not older; the end if there is none. */
        record Time(Instant time) implements Target {}
    }
}
