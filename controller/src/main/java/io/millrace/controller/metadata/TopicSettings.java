package io.millrace.controller.metadata;

import io.millrace.protocol.FlushPolicy;
import io.millrace.protocol.record.CompressionTypes;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * What can be set for a topic. The metadata keeps what was given, as text; this is what that means, with the
 * defaults of this version for the rest.
 *
 * <pre>
 *   flush.policy        commit, interval, os      commit
 *   flush.interval.ms   1 to 3600000              1000; for the policy interval only
 *   retention.ms        1 or more, or unlimited   as its brokers are configured
 *   retention.bytes     1 or more, or unlimited   as its brokers are configured; for each replica of a partition
 *   max.message.bytes   1 to 67108864             as its brokers are configured, which is also the most
 *   compression.types   some of none, gzip,       all of them
 *                       snappy, lz4, zstd
 *   min.insync.replicas 1 to 100                  1; not more than the topic has replicas
 *   deduplication.window.ms        1 to 604800000    none; 120000 if the other is given
 *   deduplication.window.records   1 to 1000000      none; 100000 if the other is given
 * </pre>
 *
 * @param retentionMillis how long records are kept; {@link #NO_LIMIT} for ever, empty if not given
 * @param retentionBytes how much of them each replica of a partition keeps; the same
 * @param messageBytesMax the largest record, as a batch of its own; empty if not given
 * @param compression what its batches may be compressed with
 * @param minInSyncReplicas with fewer replicas in sync, a partition's leader among them, no records are taken
 * @param deduplication how records are compared by content, if they are
 */
public record TopicSettings(
        FlushPolicy flush,
        OptionalLong retentionMillis,
        OptionalLong retentionBytes,
        OptionalInt messageBytesMax,
        CompressionTypes compression,
        int minInSyncReplicas,
        Optional<Deduplication> deduplication) {
    /**
     * A record is not written again while one of the same key and value is among the latest of its partition: those of the last
     * {@code windowMillis}, but not more than {@code windowRecords}.
     */
    public record Deduplication(long windowMillis, int windowRecords) {}

    /** The same as {@code Retention.UNLIMITED}, which the metadata does not know. */
    public static final long NO_LIMIT = Long.MAX_VALUE;

    private static final String FLUSH_POLICY = "flush.policy";
    private static final String FLUSH_INTERVAL = "flush.interval.ms";
    private static final long FLUSH_INTERVAL_USUAL = 1_000;
    private static final long FLUSH_INTERVAL_MAX = 3_600_000;
    private static final String RETENTION_MILLIS = "retention.ms";
    private static final String RETENTION_BYTES = "retention.bytes";
    private static final String MESSAGE_BYTES_MAX = "max.message.bytes";
    private static final long MESSAGE_BYTES_MAX_MAX = 64 << 20;
    private static final String MIN_IN_SYNC = "min.insync.replicas";
    private static final long MIN_IN_SYNC_MAX = 100;
    private static final String DEDUPLICATION_MILLIS = "deduplication.window.ms";
    private static final String DEDUPLICATION_RECORDS = "deduplication.window.records";
    private static final long DEDUPLICATION_MILLIS_USUAL = 120_000;
    private static final long DEDUPLICATION_MILLIS_MAX = 7 * 24 * 3_600_000L;
    private static final long DEDUPLICATION_RECORDS_USUAL = 100_000;
    /** Each takes up to 64 bytes of memory, for each replica of a partition. */
    private static final long DEDUPLICATION_RECORDS_MAX = 1_000_000;

    private static final List<String> NAMES = List.of(
            FLUSH_POLICY,
            FLUSH_INTERVAL,
            RETENTION_MILLIS,
            RETENTION_BYTES,
            MESSAGE_BYTES_MAX,
            CompressionTypes.SETTING,
            MIN_IN_SYNC,
            DEDUPLICATION_MILLIS,
            DEDUPLICATION_RECORDS);

    private static final String UNLIMITED = "unlimited";
    /** Beyond what any clock, or disk, will see. */
    private static final long RETENTION_MAX = 1L << 53;

    public static final TopicSettings DEFAULT = new TopicSettings(
            FlushPolicy.COMMIT,
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalInt.empty(),
            CompressionTypes.ANY,
            1,
            Optional.empty());

    /**
     * The settings that somebody gave.
     *
     * @throws IllegalArgumentException if one is unknown or makes no sense; the message says so to who gave them
     */
    public static TopicSettings of(Map<String, String> given) {
        if (given.isEmpty()) {
            return DEFAULT; // asked for each request of nearly every topic
        }
        TreeMap<String, String> left = new TreeMap<>(given);
        FlushPolicy flush = flush(left);
        OptionalLong retentionMillis = limit(left, RETENTION_MILLIS);
        OptionalLong retentionBytes = limit(left, RETENTION_BYTES);
        String messageBytes = left.remove(MESSAGE_BYTES_MAX);
        OptionalInt messageBytesMax = messageBytes == null
                ? OptionalInt.empty()
                : OptionalInt.of((int) number(MESSAGE_BYTES_MAX, messageBytes, MESSAGE_BYTES_MAX_MAX));
        String compression = left.remove(CompressionTypes.SETTING);
        int minInSync = (int) number(MIN_IN_SYNC, taken(left, MIN_IN_SYNC, "1"), MIN_IN_SYNC_MAX);
        Optional<Deduplication> deduplication = deduplication(left);
        if (!left.isEmpty()) {
            throw unknown(left.firstKey());
        }
        return new TopicSettings(
                flush,
                retentionMillis,
                retentionBytes,
                messageBytesMax,
                compression == null ? CompressionTypes.ANY : CompressionTypes.of(compression),
                minInSync,
                deduplication);
    }

    /**
     * Settings of a topic after a change. Of flush.interval.ms nothing is left where another policy than interval takes its place.
     *
     * @param before as they were given until now
     * @param set those that somebody gives now
     * @param reset those that are to be the default again
     * @throws IllegalArgumentException if one is unknown, is both set and reset, or makes no sense; the message says so
     */
    public static NavigableMap<String, String> altered(
            Map<String, String> before, Map<String, String> set, Collection<String> reset) {
        NavigableMap<String, String> after = new TreeMap<>(before);
        for (String name : reset) {
            if (!NAMES.contains(name)) {
                throw unknown(name);
            }
            if (set.containsKey(name)) {
                throw new IllegalArgumentException(name + " cannot be both set and reset");
            }
            after.remove(name);
        }
        boolean otherFlush = reset.contains(FLUSH_POLICY)
                || !set.getOrDefault(FLUSH_POLICY, nameOf(FlushPolicy.When.INTERVAL))
                        .equals(nameOf(FlushPolicy.When.INTERVAL));
        if (otherFlush) {
            after.remove(FLUSH_INTERVAL);
        }
        after.putAll(set);
        TopicSettings unused = of(after);
        return after;
    }

    private static IllegalArgumentException unknown(String name) {
        return new IllegalArgumentException(
                "there is no setting " + name + " of a topic; known are " + String.join(", ", NAMES));
    }

    private static Optional<Deduplication> deduplication(Map<String, String> left) {
        if (!left.containsKey(DEDUPLICATION_MILLIS) && !left.containsKey(DEDUPLICATION_RECORDS)) {
            return Optional.empty();
        }
        String millis = taken(left, DEDUPLICATION_MILLIS, "" + DEDUPLICATION_MILLIS_USUAL);
        String records = taken(left, DEDUPLICATION_RECORDS, "" + DEDUPLICATION_RECORDS_USUAL);
        return Optional.of(new Deduplication(number(DEDUPLICATION_MILLIS, millis, DEDUPLICATION_MILLIS_MAX), (int)
                number(DEDUPLICATION_RECORDS, records, DEDUPLICATION_RECORDS_MAX)));
    }

    private static FlushPolicy flush(Map<String, String> left) {
        String policy = taken(left, FLUSH_POLICY, nameOf(FlushPolicy.When.COMMIT));
        boolean timed = policy.equals(nameOf(FlushPolicy.When.INTERVAL));
        if (!timed && left.containsKey(FLUSH_INTERVAL)) {
            throw new IllegalArgumentException(
                    FLUSH_INTERVAL + " means something with " + FLUSH_POLICY + " interval only, not with " + policy);
        }
        if (timed) {
            return FlushPolicy.every(
                    number(FLUSH_INTERVAL, taken(left, FLUSH_INTERVAL, "" + FLUSH_INTERVAL_USUAL), FLUSH_INTERVAL_MAX));
        } else if (policy.equals(nameOf(FlushPolicy.When.OS))) {
            return FlushPolicy.OS;
        } else if (policy.equals(nameOf(FlushPolicy.When.COMMIT))) {
            return FlushPolicy.COMMIT;
        }
        throw new IllegalArgumentException(FLUSH_POLICY + " is commit, interval or os, not " + policy);
    }

    private static OptionalLong limit(Map<String, String> left, String name) {
        String text = left.remove(name);
        if (text == null) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(text.equals(UNLIMITED) ? NO_LIMIT : number(name, text, RETENTION_MAX));
    }

    private static String taken(Map<String, String> left, String name, String usual) {
        String value = left.remove(name);
        return value == null ? usual : value;
    }

    private static long number(String name, String text, long max) {
        boolean isNumber = text.matches("[0-9]{1,18}");
        if (!isNumber || Long.parseLong(text) < 1 || Long.parseLong(text) > max) {
            throw new IllegalArgumentException(name + " is a number from 1 to " + max + ", not " + text);
        }
        return Long.parseLong(text);
    }

    private static String nameOf(FlushPolicy.When when) {
        return when.name().toLowerCase(Locale.ROOT);
    }

    /** Why a topic of which a partition has so many replicas cannot have these; empty if it can. */
    public Optional<String> problemWith(int replicationFactor) {
        return minInSyncReplicas > replicationFactor
                ? Optional.of(MIN_IN_SYNC + " is " + minInSyncReplicas + ", more than there are replicas: "
                        + replicationFactor)
                : Optional.empty();
    }

    /** All of them that mean something, as {@link #of} reads them. */
    public NavigableMap<String, String> toMap() {
        TreeMap<String, String> all = new TreeMap<>();
        all.put(FLUSH_POLICY, nameOf(flush.when()));
        if (flush.when() == FlushPolicy.When.INTERVAL) {
            all.put(FLUSH_INTERVAL, Long.toString(flush.intervalMillis()));
        }
        retentionMillis.ifPresent(millis -> all.put(RETENTION_MILLIS, textOf(millis)));
        retentionBytes.ifPresent(bytes -> all.put(RETENTION_BYTES, textOf(bytes)));
        messageBytesMax.ifPresent(bytes -> all.put(MESSAGE_BYTES_MAX, Integer.toString(bytes)));
        if (!compression.equals(CompressionTypes.ANY)) {
            all.put(CompressionTypes.SETTING, compression.toString());
        }
        if (minInSyncReplicas > 1) {
            all.put(MIN_IN_SYNC, Integer.toString(minInSyncReplicas));
        }
        deduplication.ifPresent(window -> {
            all.put(DEDUPLICATION_MILLIS, Long.toString(window.windowMillis()));
            all.put(DEDUPLICATION_RECORDS, Integer.toString(window.windowRecords()));
        });
        return Collections.unmodifiableNavigableMap(all);
    }

    private static String textOf(long limit) {
        return limit == NO_LIMIT ? UNLIMITED : Long.toString(limit);
    }
}
