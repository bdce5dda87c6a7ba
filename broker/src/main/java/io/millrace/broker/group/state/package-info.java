/**
 * The state of consumer groups, and what decides about it. Pure: no actor, clock, file or random number.
 *
 * <pre>
 *              GroupCommand, time, Topics
 *                        │
 *   log ──▶ GroupTable ◀─▶ GroupMachine ──▶ Fact … ──▶ committed to the log ──▶ GroupReply may be given
 *           fold of Fact          Sessions: who lives, by this coordinator's clock; not in the log
 * </pre>
 *
 * <p>A coordinator decides on a state that is ahead of what is committed, and says nothing of it before it is. If it cannot commit, the state is thrown
 * away, and another {@link io.millrace.broker.group.state.GroupMachine} begins with what the log has.
 */
@NullMarked
package io.millrace.broker.group.state;

import org.jspecify.annotations.NullMarked;
