package io.millrace.partition.raft;

/**
 * What the entries of a group mean: deterministic, so that members that have applied the same entries are the same. Only
 * committed entries are applied, each once and in order.
 */
public interface StateMachine {
    /** Takes the next entry, of whatever type. */
    void apply(Entry entry);

    /** All that it is made of; equal states give equal bytes. */
    Payload snapshot();

    /**
     * Becomes what {@link #snapshot} was taken of, whatever it was before.
     *
     * @throws IllegalArgumentException if {@code snapshot} did not make these bytes
     */
    void restore(Payload snapshot);
}
