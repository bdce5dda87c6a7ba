/** Java client: producer, consumer and admin. */
@NullMarked
package io.millrace.client;

import org.jspecify.annotations.NullMarked;
