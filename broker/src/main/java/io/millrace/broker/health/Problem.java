package io.millrace.broker.health;

/** What can be wrong, and what to do then. The names are part of the API: they are never used again for something else. */
public enum Problem {
    BROKER_NOT_READY(
            Severity.CRITICAL,
            "If this lasts after a start: a majority of millrace.cluster.seeds must run and reach each other; the broker's log says"
                    + " whom it waits for."),
    NO_LEADER(
            Severity.CRITICAL,
            "Start the brokers that hold its replicas: a majority of them elects a leader. Right after a failure it takes seconds. If all"
                    + " of them run, and one is REBUILDING_REPLICA, that one has no vote, since its disk was lost, and the others are no"
                    + " majority of all: of two replicas, neither can go on alone, and nothing recovers the partition yet (docs/operations.md,"
                    + " A lost disk)."),
    NO_CONTROLLER(
            Severity.CRITICAL,
            "Start the brokers of millrace.cluster.metadata-voters: topics cannot be changed, and brokers cannot join, until a"
                    + " majority of them runs. Records are written and read meanwhile."),
    DISK_FULL(
            Severity.CRITICAL,
            "Give the disk of millrace.data-dir more room, shorten the retention of topics, or delete topics. Leaders here refuse"
                    + " records until more than millrace.disk-reserve is free."),
    FAILED_REPLICA(
            Severity.CRITICAL,
            "Look at the disk and at the broker's log, then restart the broker: that opens the replica's log anew. Its group goes on"
                    + " with the others."),
    DAMAGED_REPLICA(
            Severity.WARNING,
            "With three replicas or more it is rebuilt from the others by itself, when all of them run. With fewer, read what can be"
                    + " read into another topic. Look at the disk."),
    REBUILDING_REPLICA(
            Severity.WARNING,
            "Nothing, if its partition has a leader: it gets its records from that, and then its vote. Without one it gets nothing: those"
                    + " of the other replicas that run must be a majority of all, itself included: two of three, but one of two is none"
                    + " (docs/operations.md, A lost disk)."),
    RECOVERING_REPLICA(
            Severity.WARNING,
            "Nothing, if the broker has just started: it reads its log. If this lasts, look at the disk and at the broker's log."),
    UNDER_REPLICATED(
            Severity.WARNING,
            "Start the brokers that are down. If all run, the replica that is behind catches up by itself, as fast as disk and"
                    + " network let it."),
    BROKER_DOWN(
            Severity.WARNING,
            "Start it again on its data directory. If that is lost, start it on an empty one: of partitions with three replicas or more it"
                    + " gets everything again from the others; with fewer, see docs/operations.md, A lost disk, first."),
    DISK_LOW(
            Severity.WARNING,
            "Less than twice millrace.disk-reserve is free: give the disk more room, or shorten the retention of topics."),
    CLOCK_SKEW(
            Severity.WARNING,
            "Let the machines keep their time (NTP). Records without a timestamp get the leader's, and retention goes by it."),
    FILE_DESCRIPTORS_LOW(
            Severity.WARNING,
            "Let the process open more files (ulimit -n, LimitNOFILE of systemd; three for each replica) and restart the broker. With none"
                    + " left, replicas fail and clients cannot connect.");

    /** How bad it is. */
    public enum Severity {
        /** Everything is served; less can go wrong than usual. */
        WARNING,
        /** Something is not served, or will not be without somebody who does something about it. */
        CRITICAL
    }

    private final Severity severity;
    private final String whatToDo;

    Problem(Severity severity, String whatToDo) {
        this.severity = severity;
        this.whatToDo = whatToDo;
    }

    public Severity severity() {
        return severity;
    }

    public String whatToDo() {
        return whatToDo;
    }
}
