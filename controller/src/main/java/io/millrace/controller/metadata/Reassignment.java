package io.millrace.controller.metadata;

import java.util.List;
import java.util.Optional;

/**
 * Where a partition shall be, as was said last (decision 018).
 *
 * @param founders the brokers that its group was founded on: what a member must know that begins with nothing
 * @param target the brokers that shall hold it, the preferred leader first; empty when they do
 * @param cause why it was asked for
 * @param index of the log entry that asked for it. Names it: whoever says that it is done says which one
 */
public record Reassignment(
        List<Integer> founders, Optional<List<Integer>> target, ReassignmentCause cause, long index) {
    public Reassignment {
        founders = List.copyOf(founders);
        target = target.map(List::copyOf);
    }
}
