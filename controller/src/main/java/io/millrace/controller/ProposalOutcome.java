package io.millrace.controller;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.millrace.controller.metadata.MetadataResult;
import io.millrace.partition.replica.ControlMessage;

/**
 * What became of a proposed metadata command. Exactly one for each, unless the replica that took it, or a message on the
 * way to or from it, is lost: whoever proposes needs a time limit of his own.
 */
public sealed interface ProposalOutcome extends ControlMessage {
    long requestId();

    /**
     * Committed, and applied on the broker that leads the metadata.
     *
     * @param index of its log entry
     * @param result which may be a refusal
     */
    record Applied(
            long requestId,
            long index,
            @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
                    @JsonSubTypes({
                        @JsonSubTypes.Type(value = MetadataResult.Claimed.class, name = "claimed"),
                        @JsonSubTypes.Type(value = MetadataResult.BrokerRegistered.class, name = "broker-registered"),
                        @JsonSubTypes.Type(value = MetadataResult.TopicCreated.class, name = "topic-created"),
                        @JsonSubTypes.Type(value = MetadataResult.TopicAltered.class, name = "topic-altered"),
                        @JsonSubTypes.Type(value = MetadataResult.TopicDeleted.class, name = "topic-deleted"),
                        @JsonSubTypes.Type(
                                value = MetadataResult.ProducerIdsAllocated.class,
                                name = "producer-ids-allocated"),
                        @JsonSubTypes.Type(value = MetadataResult.Changed.class, name = "changed"),
                        @JsonSubTypes.Type(value = MetadataResult.StaleController.class, name = "stale-controller"),
                        @JsonSubTypes.Type(value = MetadataResult.TopicExists.class, name = "topic-exists"),
                        @JsonSubTypes.Type(value = MetadataResult.UnknownTopic.class, name = "unknown-topic"),
                        @JsonSubTypes.Type(value = MetadataResult.WrongCluster.class, name = "wrong-cluster"),
                        @JsonSubTypes.Type(value = MetadataResult.BrokerIdTaken.class, name = "broker-id-taken"),
                        @JsonSubTypes.Type(value = MetadataResult.Invalid.class, name = "invalid"),
                    })
                    MetadataResult result)
            implements ProposalOutcome {}

    /** Surely not done: nobody leads the metadata just now, as far as is known here. */
    record NoLeader(long requestId) implements ProposalOutcome {}

    /** Surely not done: so many proposals wait already. */
    record Overloaded(long requestId, int limit) implements ProposalOutcome {}

    /** Surely not done: the replica has stopped for good. */
    record ReplicaFailed(long requestId, String problem) implements ProposalOutcome {}

    /** Leadership was lost after the command was appended: it may yet be committed, or be gone. */
    record OutcomeUnknown(long requestId) implements ProposalOutcome {}
}
