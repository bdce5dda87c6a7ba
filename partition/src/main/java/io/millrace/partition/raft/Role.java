package io.millrace.partition.raft;

/**
 * What a member is. Legal transitions:
 *
 * <pre>
 *            timeout              majority would          majority voted
 * FOLLOWER ----------> PRE_CANDIDATE -------> CANDIDATE ----------------> LEADER
 *    ^  ^                  |  ^ timeout           |                          |
 *    |  '------------------'  '-------------------'                          |
 *    |   a leader, or a later term                                           |
 *    '-----------------------------------------------------------------------'
 *        a later term, or no majority heard of within an election timeout
 * </pre>
 */
public enum Role {
    FOLLOWER,
    PRE_CANDIDATE,
    CANDIDATE,
    LEADER
}
