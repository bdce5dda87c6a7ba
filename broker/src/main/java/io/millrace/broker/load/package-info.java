/** What this broker leads and how much passes there, for the controller. */
@NullMarked
package io.millrace.broker.load;

import org.jspecify.annotations.NullMarked;
