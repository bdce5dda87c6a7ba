package io.millrace.client;

import java.time.Duration;

/**
 * How a consumer takes part in a consumer group.
 *
 * @param group its name
 * @param autoCommit how often what has been handled is committed by itself; 0: never, the application commits
 * @param sessionTimeout a member that the coordinator has not heard of for so long is taken for dead; 1 s to 30 min
 * @param maxPollInterval a member whose application does not ask for records for so long leaves, so that others get its partitions; it joins
 *     again when it asks. Also how long it may take to let go of partitions; 1 s to 24 h
 * @param instanceId for static membership: the same each time that this instance of an application is started; empty: none. When
 *     it is closed, its partitions are kept for it for the session timeout
 * @param rack where it runs, for the assignor rack-aware; empty: as the client, {@link MillraceClient.Builder#rack}
 * @param assignor how partitions are distributed: sticky, range, round-robin, rack-aware, or one of the brokers' own; empty: as the other
 *     members say, or sticky
 */
public record GroupSettings(
        String group,
        Duration autoCommit,
        Duration sessionTimeout,
        Duration maxPollInterval,
        String instanceId,
        String rack,
        String assignor) {

    /**
     * Checks the times.
     *
     * @throws IllegalArgumentException if one is out of its range, or the group has no name
     */
    public GroupSettings {
        if (group.isEmpty()) {
            throw new IllegalArgumentException("a group has a name");
        }
        if (autoCommit.isNegative()) {
            throw new IllegalArgumentException("autoCommit is 0 or more, not " + autoCommit);
        }
        requireBetween("sessionTimeout", sessionTimeout, Duration.ofMinutes(30));
        requireBetween("maxPollInterval", maxPollInterval, Duration.ofHours(24));
    }

    private static void requireBetween(String name, Duration value, Duration max) {
        if (value.compareTo(Duration.ofSeconds(1)) < 0 || value.compareTo(max) > 0) {
            throw new IllegalArgumentException(name + " is 1 s to " + max + ", not " + value);
        }
    }

    /** Commits every 5 s, a session of 30 s, 5 min between polls, and no opinion of the rest. */
    public static GroupSettings of(String group) {
        return new GroupSettings(
                group, Duration.ofSeconds(5), Duration.ofSeconds(30), Duration.ofMinutes(5), "", "", "");
    }

    /** The same with another {@link #autoCommit}. */
    public GroupSettings withAutoCommit(Duration newAutoCommit) {
        return new GroupSettings(group, newAutoCommit, sessionTimeout, maxPollInterval, instanceId, rack, assignor);
    }

    /** The same with another {@link #sessionTimeout}. */
    public GroupSettings withSessionTimeout(Duration newSessionTimeout) {
        return new GroupSettings(group, autoCommit, newSessionTimeout, maxPollInterval, instanceId, rack, assignor);
    }

    /** The same with another {@link #maxPollInterval}. */
    public GroupSettings withMaxPollInterval(Duration newMaxPollInterval) {
        return new GroupSettings(group, autoCommit, sessionTimeout, newMaxPollInterval, instanceId, rack, assignor);
    }

    /** The same with another {@link #instanceId}. */
    public GroupSettings withInstanceId(String newInstanceId) {
        return new GroupSettings(group, autoCommit, sessionTimeout, maxPollInterval, newInstanceId, rack, assignor);
    }

    /** The same with another {@link #rack}. */
    public GroupSettings withRack(String newRack) {
        return new GroupSettings(group, autoCommit, sessionTimeout, maxPollInterval, instanceId, newRack, assignor);
    }

    /** The same with another {@link #assignor}. */
    public GroupSettings withAssignor(String newAssignor) {
        return new GroupSettings(group, autoCommit, sessionTimeout, maxPollInterval, instanceId, rack, newAssignor);
    }
}
