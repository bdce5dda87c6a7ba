package io.millrace.partition.sim;

import java.util.Locale;

/** What can go wrong. How often it did is counted, and reported; what {@link Chaos} does has a weight in {@link Faults}. */
enum Fault {
    // Of the network, message by message.
    LOST,
    DUPLICATED,
    DELAYED,
    OVERTAKEN,
    /** Sent over a link that is cut. */
    CUT_OFF,

    // What Chaos does.
    LINKS_CUT,
    LINKS_CUT_ONE_WAY,
    LINKS_HEALED,
    PAUSE,
    /** The whole machine stands still, its clock too. */
    SUSPENSION,
    /** The process ends; what it wrote is there. */
    KILL,
    /** What was not forced is subject to chance: sectors are old, new or torn. */
    POWER_FAILURE,
    POWER_FAILURE_OF_ALL,
    /** Power fails between two steps of one change of the disk. */
    POWER_FAILURE_IN_DISK_OPERATION,
    /** Power fails after entries were cut off, before those in their place are forced. */
    POWER_FAILURE_AFTER_CUT,
    /** Power fails between two stages of performing one output. */
    CRASH_BETWEEN_STAGES,
    SLOW_DISK,
    FSYNC_ERROR,
    WRITE_ERROR,
    DISK_FULL,
    BIT_FLIP,
    LOST_DISK,
    CLOCK_JUMP,
    CLOCK_RATE,
    /** A leader is asked to add, promote, demote or remove somebody. */
    CHANGE_ASKED,
    TRANSFER_ASKED,
    /** Other members are to be the group; who leads sees to that. */
    TARGET_SET,
    /** Some member needs the beginning of its log no more. */
    TRIM_ASKED,
    CAMPAIGN,

    // What came of it.
    STALLED_READ,
    FAILED_READ,
    DISK_ERROR_STOPPED_A_MEMBER,
    RECOVERY_INTERRUPTED,
    DAMAGE_DETECTED,
    /** A member whose log was found damaged while it ran set it aside with the group's consent. */
    REPAIRED,
    /** A member began anew, in another incarnation, because its disk was damaged or lost. */
    REBUILT,
    TRIMMED,
    /** The first piece of a snapshot leaves, and a later one. */
    SNAPSHOT_BEGUN,
    SNAPSHOT_CONTINUED,
    SNAPSHOT_INSTALLED,
    MEMBERSHIP_CHANGED,
    HANDED_OVER,
    /** Damage of what nothing on the disk vouches for looks like a torn write: see the package description of the log. */
    DAMAGE_BEYOND_DETECTION;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
