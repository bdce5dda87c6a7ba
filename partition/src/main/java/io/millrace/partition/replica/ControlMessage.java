package io.millrace.partition.replica;

/**
 * Marks rare messages between brokers that Jackson (CBOR) serializes; those that carry records have a serializer of
 * their own. Bound to it in {@code reference.conf}, where Akka would have its own marker from 2.9 on.
 */
public interface ControlMessage {}
