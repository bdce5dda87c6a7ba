/** Cluster metadata as a replicated state machine: commands, state, placement. Pure. */
@NullMarked
package io.millrace.controller.metadata;

import org.jspecify.annotations.NullMarked;
