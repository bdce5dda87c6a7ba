/** One partition of a topic: a Raft group whose log is the message log. */
@NullMarked
package io.millrace.partition;

import org.jspecify.annotations.NullMarked;
