package io.millrace.controller;

import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.ControlMessage;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * How the {@link Controller} answers a {@link ControllerCommand}. {@code metadataIndex} is the log entry that made it
 * true: a broker that has applied it knows.
 */
public sealed interface ControllerReply extends ControlMessage {

    // Done.

    record TopicCreated(TopicMetadata topic, long metadataIndex) implements ControllerReply {}

    record TopicAltered(TopicMetadata topic, long metadataIndex) implements ControllerReply {}

    record TopicDeleted(String name, long topicId, long metadataIndex) implements ControllerReply {}

    record BrokerRegistered(String clusterId, long metadataIndex) implements ControllerReply {}

    /** The ids from {@code firstId} on, {@code count} of them, are the asker's alone. */
    record ProducerIdsAllocated(long firstId, int count, long metadataIndex) implements ControllerReply {}

    /**
     * The controller as it stands now.
     *
     * @param brokerId where it runs
     * @param phase {@code CLAIMING}, {@code RULING} or {@code DEPOSED}
     * @param epoch its own, the last one if it was deposed; 0 before it has ruled
     * @param since it rules; empty if it does not
     * @param waiting requests
     * @param decisions the last ones, the latest first
     */
    record Description(
            int brokerId, String phase, long epoch, Optional<Instant> since, int waiting, List<Decision> decisions)
            implements ControllerReply {
        public Description {
            decisions = List.copyOf(decisions);
        }
    }

    /** For people: what was asked for, and what came of it and why. */
    record Decision(Instant at, long epoch, String request, String outcome) {}

    // Not done, and never will be without a change.

    record InvalidTopicName(String name, String problem) implements ControllerReply {}

    record InvalidPartitions(int partitions, int limit) implements ControllerReply {}

    /**
     * @param brokers that could have taken a replica
     */
    record InvalidReplicationFactor(int replicationFactor, int brokers) implements ControllerReply {}

    record InvalidTopicSettings(String problem) implements ControllerReply {}

    record InvalidRequest(String problem) implements ControllerReply {}

    record TopicExists(String name) implements ControllerReply {}

    record UnknownTopic(String name) implements ControllerReply {}

    record WrongCluster(String expected, String actual) implements ControllerReply {}

    /**
     * @param by where the broker is that uses this id
     */
    record BrokerIdTaken(int brokerId, String by) implements ControllerReply {}

    // Perhaps later.

    /** Surely not done: send it again. */
    record Unavailable(String problem) implements ControllerReply {}

    /** Perhaps done, perhaps yet to be done. */
    record OutcomeUnknown() implements ControllerReply {}
}
