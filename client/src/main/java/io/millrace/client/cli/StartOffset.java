package io.millrace.client.cli;

import io.millrace.client.OffsetRange;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;

/**
 * Where to start in a partition.
 *
 * @param from what the number counts from
 * @param number the offset, how many records before the end, or milliseconds since 1970
 */
record StartOffset(From from, long number) {
    enum From {
        OFFSET,
        EARLIEST,
        LATEST,
        TIME
    }

    static final StartOffset EARLIEST = new StartOffset(From.EARLIEST, 0);
    static final StartOffset LATEST = new StartOffset(From.LATEST, 0);

    /**
     * Reads {@code earliest}, {@code latest}, an offset, or a negative number: so many before the end.
     *
     * @throws IllegalArgumentException with a message for the user, if it is none of these
     */
    static StartOffset parse(String text) {
        if (text.equals("earliest") || text.equals("beginning")) {
            return EARLIEST;
        }
        if (text.equals("latest") || text.equals("end")) {
            return LATEST;
        }
        if (!text.matches("-?[0-9]{1,18}")) {
            throw new IllegalArgumentException("'" + text + "' is not a number, 'earliest' or 'latest'");
        }
        long number = Long.parseLong(text);
        return text.startsWith("-") ? new StartOffset(From.LATEST, -number) : new StartOffset(From.OFFSET, number);
    }

    /**
     * The first record that is not older than a time: milliseconds since 1970, or ISO 8601 with a time zone.
     *
     * @throws IllegalArgumentException with a message for the user, if it is neither
     */
    static StartOffset atTime(String text) {
        if (text.matches("[0-9]{1,18}")) {
            return new StartOffset(From.TIME, Long.parseLong(text));
        }
        try {
            return new StartOffset(
                    From.TIME, OffsetDateTime.parse(text).toInstant().toEpochMilli());
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is neither milliseconds nor a time like 2026-11-21T12:00:00Z", e);
        }
    }

    /** Whether it is looked up by timestamp. */
    boolean isTime() {
        return from == From.TIME;
    }

    /** Whether it means another record in each partition's own numbering. */
    boolean isAbsolute() {
        return from == From.OFFSET;
    }

    /** The offset in a partition with this range; one that is out of range stays so, for the broker to refuse. */
    long in(OffsetRange range) {
        return switch (from) {
            case OFFSET -> number;
            case EARLIEST -> range.earliest();
            case LATEST -> Math.max(range.earliest(), range.latest() - number);
            case TIME -> throw new IllegalStateException("a time is looked up by a broker");
        };
    }
}
