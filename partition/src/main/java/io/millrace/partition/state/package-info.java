/** The message state machine that committed entries drive: offsets, producers, de-duplication. Pure. */
@NullMarked
package io.millrace.partition.state;

import org.jspecify.annotations.NullMarked;
