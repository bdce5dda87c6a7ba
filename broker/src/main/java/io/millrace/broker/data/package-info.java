/** The broker's data directory: who may use it, and whose it is. */
@NullMarked
package io.millrace.broker.data;

import org.jspecify.annotations.NullMarked;
