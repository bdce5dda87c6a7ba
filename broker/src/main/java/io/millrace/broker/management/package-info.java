/** The HTTP port for inspection and administration. */
@NullMarked
package io.millrace.broker.management;

import org.jspecify.annotations.NullMarked;
