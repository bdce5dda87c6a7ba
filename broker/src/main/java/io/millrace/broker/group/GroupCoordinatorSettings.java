package io.millrace.broker.group;

import io.millrace.broker.group.assign.Assignors;
import io.millrace.broker.group.state.GroupMachine;
import io.millrace.controller.MetadataView;
import java.util.function.LongSupplier;

/**
 * What the coordinators of one broker share.
 *
 * @param monotonicMillis for sessions
 * @param wallMillis for the timestamps of records, which nothing depends on
 * @param checkpointBytes the log grows by so much, at least, between two checkpoints
 */
public record GroupCoordinatorSettings(
        GroupMachine.Limits limits,
        Assignors assignors,
        MetadataView view,
        LongSupplier monotonicMillis,
        LongSupplier wallMillis,
        long checkpointBytes) {}
