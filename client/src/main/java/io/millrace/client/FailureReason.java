package io.millrace.client;

/**
 * Why a call failed, for programs. Most come from a broker and are documented, with their metadata, at
 * {@code millrace.v1.ErrorReason}; those at the end are the client's own.
 */
public enum FailureReason {
    UNKNOWN_TOPIC(Effect.REFUSED),
    UNKNOWN_PARTITION(Effect.REFUSED),
    OFFSET_OUT_OF_RANGE(Effect.REFUSED),
    MESSAGE_TOO_LARGE(Effect.REFUSED),
    EMPTY_BATCH(Effect.REFUSED),
    CORRUPT_BATCH(Effect.REFUSED),
    INVALID_REQUEST(Effect.REFUSED),
    INVALID_TOPIC_NAME(Effect.REFUSED),
    INVALID_PARTITIONS(Effect.REFUSED),
    INVALID_REPLICATION_FACTOR(Effect.REFUSED),
    TOPIC_ALREADY_EXISTS(Effect.REFUSED),
    UNKNOWN_PRODUCER(Effect.REFUSED),
    PRODUCER_FENCED(Effect.REFUSED),
    OUT_OF_ORDER_SEQUENCE(Effect.REFUSED),
    DUPLICATE_TOO_OLD(Effect.FAULT),
    COMPRESSION_NOT_ALLOWED(Effect.REFUSED),
    UNKNOWN_BROKER(Effect.REFUSED),
    LEADER_NOT_TRANSFERRED(Effect.REFUSED),
    REASSIGNMENT_REFUSED(Effect.REFUSED),
    NO_LEADER(Effect.NOT_APPLIED),
    OUTCOME_UNKNOWN(Effect.UNKNOWN),
    OVERLOADED(Effect.NOT_APPLIED),
    CONTROLLER_UNAVAILABLE(Effect.NOT_APPLIED),
    BROKER_NOT_READY(Effect.NOT_APPLIED),
    DISK_FULL(Effect.NOT_APPLIED),
    NOT_ENOUGH_REPLICAS(Effect.NOT_APPLIED),
    REPLICA_FAILED(Effect.FAULT),
    DEADLINE_PASSED(Effect.NOT_APPLIED),
    INTERNAL_FAULT(Effect.FAULT),
    UNKNOWN_GROUP(Effect.REFUSED),
    UNKNOWN_MEMBER(Effect.REFUSED),
    FENCED_MEMBER_EPOCH(Effect.REFUSED),
    INSTANCE_ID_IN_USE(Effect.REFUSED),
    GROUP_NOT_EMPTY(Effect.REFUSED),
    PARTITION_NOT_OWNED(Effect.REFUSED),
    OFFSET_BEYOND_LOG_END(Effect.REFUSED),
    COORDINATOR_UNAVAILABLE(Effect.NOT_APPLIED),
    GROUP_FULL(Effect.REFUSED),
    TOO_MANY_GROUPS(Effect.REFUSED),

    /** No connection could be made: the request was not sent. Metadata: address. */
    CONNECTION_FAILED(Effect.NOT_APPLIED),
    /** The connection broke after the request was sent and before the answer came. Metadata: address. */
    CONNECTION_LOST(Effect.UNKNOWN),
    /** No answer came in time to a request that was sent. Metadata: address. */
    NO_ANSWER(Effect.UNKNOWN),
    /** The answer makes no sense: another protocol, or a version that this client does not know. Metadata: address. */
    PROTOCOL_MISMATCH(Effect.FAULT),
    /** The producer's buffer stayed full for as long as a send may block. Metadata: limit_bytes. */
    BUFFER_FULL(Effect.REFUSED),
    /** The client, or the producer, was closed first. */
    CLOSED(Effect.REFUSED),
    /** The calling thread was interrupted while it waited; the call itself may go on. */
    INTERRUPTED(Effect.FAULT);

    /** What happened to the request. */
    private enum Effect {
        /** Surely nothing, and the same request may succeed later. */
        NOT_APPLIED,
        /** Nobody knows; the same request may succeed later, and may then have been applied twice. */
        UNKNOWN,
        /** Surely nothing, and only a different request can succeed. */
        REFUSED,
        /** Nobody knows, and there is no point in repeating it. */
        FAULT
    }

    private final Effect effect;

    FailureReason(Effect effect) {
        this.effect = effect;
    }

    /** Whether the same request may succeed later. */
    public boolean isRetriable() {
        return effect == Effect.NOT_APPLIED || effect == Effect.UNKNOWN;
    }

    /** Whether the request may have been applied although it failed. */
    public boolean isOutcomeUnknown() {
        return effect == Effect.UNKNOWN || effect == Effect.FAULT;
    }

    /** Whether the trouble is with the broker that was asked, or the way to it, so that another one should be asked. */
    boolean isConnectionTrouble() {
        return this == CONNECTION_FAILED || this == CONNECTION_LOST || this == NO_ANSWER;
    }
}
