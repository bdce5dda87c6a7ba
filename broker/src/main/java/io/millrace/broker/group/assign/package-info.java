/**
 * How the partitions that a group reads are shared out among its members. Pure: the same question has the same answer.
 *
 * <p>An {@link io.millrace.broker.group.assign.Assignor} says who should have what in the end; how partitions get from one member to
 * another without ever belonging to both is none of its business ({@link io.millrace.broker.group.state}).
 */
@NullMarked
package io.millrace.broker.group.assign;

import org.jspecify.annotations.NullMarked;
