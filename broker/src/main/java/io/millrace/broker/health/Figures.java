package io.millrace.broker.health;

/**
 * This broker in numbers, as they were when somebody last looked.
 *
 * @param leaders partitions that are led here and take requests
 * @param replicas that this broker should have, without that of the metadata
 * @param asleep of these, idle
 * @param underReplicated of the partitions led here, and of those without leader: of these one broker counts each, the first of its
 *     replicas' that can be reached
 * @param withoutLeader of all partitions of the cluster, as far as is known here
 * @param lagEntriesMax how many log entries the follower that is furthest behind lacks, of all partitions led here
 * @param uncommittedEntriesMax of the partitions led here, the most log entries that one has and that are not committed
 */
public record Figures(
        int leaders,
        int replicas,
        int asleep,
        int underReplicated,
        int withoutLeader,
        long lagEntriesMax,
        long uncommittedEntriesMax) {
    static final Figures NONE = new Figures(0, 0, 0, 0, 0, 0, 0);
}
