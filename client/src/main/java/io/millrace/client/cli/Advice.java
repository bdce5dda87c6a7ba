package io.millrace.client.cli;

import io.millrace.client.MillraceException;

/** A failure in one line, with what to do next where that is known. */
final class Advice {
    private Advice() {}

    static String describe(MillraceException failure) {
        String advice = adviceFor(failure);
        String message = String.valueOf(failure.getMessage()).replaceAll("\\s*\\R\\s*", " ");
        if (failure.isOutcomeUnknown()) {
            message += " (it may have been applied all the same)";
        }
        return advice.isEmpty() ? message : message + "; " + advice;
    }

    private static String adviceFor(MillraceException failure) {
        return switch (failure.reason()) {
            case CONNECTION_FAILED ->
                "is the cluster running? start one with 'millrace quickstart', or name a broker with --bootstrap host:port";
            case UNKNOWN_TOPIC ->
                "see 'millrace topic list', or create it with 'millrace topic create "
                        + failure.metadata().getOrDefault("topic", "TOPIC") + "'";
            case UNKNOWN_PARTITION -> "partitions begin at 0; 'millrace topic describe' shows them";
            case UNKNOWN_BROKER -> "'millrace cluster' shows all there are";
            case LEADER_NOT_TRANSFERRED -> "'millrace topic describe' shows the replicas, and which are in sync";
            case OFFSET_OUT_OF_RANGE -> {
                String earliest = failure.metadata().get("earliest_offset");
                String latest = failure.metadata().get("latest_offset");
                yield earliest == null || latest == null
                        ? "--from-beginning starts at the first that can be read"
                        : "offsets " + earliest + " to " + latest
                                + " can be read; --from-beginning starts at the first";
            }
            case TOPIC_ALREADY_EXISTS -> "--if-not-exists makes this no error";
            case INVALID_REPLICATION_FACTOR -> "'millrace cluster' shows how many brokers there are";
            case UNKNOWN_GROUP -> "'millrace group list' shows all there are";
            case GROUP_NOT_EMPTY -> "stop its consumers first; 'millrace group describe --members' shows them";
            case NO_LEADER, CONTROLLER_UNAVAILABLE, COORDINATOR_UNAVAILABLE ->
                "a majority must be up: 'millrace cluster' shows which brokers are";
            case CONNECTION_LOST, NO_ANSWER, OUTCOME_UNKNOWN, BROKER_NOT_READY ->
                "'millrace cluster' shows which brokers are up";
            case OVERLOADED -> "try again later, or allow more time with --timeout";
            case DISK_FULL -> "free space on that broker's disk, or lower its millrace.disk-reserve";
            case NOT_ENOUGH_REPLICAS ->
                "start the brokers that are down, or lower min.insync.replicas with 'millrace topic alter'";
            case PROTOCOL_MISMATCH -> "is --bootstrap the client port of a Millrace broker?";
            case REPLICA_FAILED, INTERNAL_FAULT -> "the broker's log tells more";
            default -> "";
        };
    }
}
