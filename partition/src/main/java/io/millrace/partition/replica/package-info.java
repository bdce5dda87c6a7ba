/** The actors that perform what the pure packages decide. */
@NullMarked
package io.millrace.partition.replica;

import org.jspecify.annotations.NullMarked;
