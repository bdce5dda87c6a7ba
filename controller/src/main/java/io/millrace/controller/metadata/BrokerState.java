package io.millrace.controller.metadata;

/** What a broker is meant to do, which its operator decides; whether it is up is another matter. */
public enum BrokerState {
    ACTIVE,
    /** Its replicas are to be moved to other brokers, and it gets no new ones. */
    DRAINING
}
