/** The segmented log: append, force, truncate, read, trim and recover. */
@NullMarked
package io.millrace.partition.log;

import org.jspecify.annotations.NullMarked;
