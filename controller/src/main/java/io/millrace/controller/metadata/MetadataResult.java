package io.millrace.controller.metadata;

/** What became of a {@link MetadataCommand} when it was applied. */
public sealed interface MetadataResult {

    /**
     * Done.
     *
     * @param epoch of the new controller; it ends when somebody else claims
     */
    record Claimed(long epoch, String clusterId) implements MetadataResult {}

    /** Done. */
    record BrokerRegistered(String clusterId) implements MetadataResult {}

    /** Done. */
    record TopicCreated(TopicMetadata topic) implements MetadataResult {}

    /** Done. */
    record TopicAltered(TopicMetadata topic) implements MetadataResult {}

    /** Done. */
    record TopicDeleted(String name, long topicId) implements MetadataResult {}

    /**
     * Done.
     *
     * @param firstId of {@code count} ids that nobody ever had or will have
     */
    record ProducerIdsAllocated(long firstId, int count) implements MetadataResult {}

    /**
     * Done, with nothing to tell but how much.
     *
     * @param count of the partitions or brokers that are not what they were
     */
    record Changed(int count) implements MetadataResult {}

    /** Refused: the proposer does not rule, or not any more. */
    record StaleController(long currentEpoch) implements MetadataResult {}

    /** Refused. */
    record TopicExists(String name) implements MetadataResult {}

    /** Refused. */
    record UnknownTopic(String name) implements MetadataResult {}

    /** Refused: the broker's data belongs to another cluster. */
    record WrongCluster(String expected, String actual) implements MetadataResult {}

    /**
     * Refused: another broker has registered under this id in between.
     *
     * @param by where that one serves clients
     */
    record BrokerIdTaken(int brokerId, Endpoint by) implements MetadataResult {}

    /** Refused: it makes no sense. No correct controller proposes such a command. */
    record Invalid(String problem) implements MetadataResult {}
}
