/** The broker's log: where it goes, as text for people or as JSON for what collects logs. */
@NullMarked
package io.millrace.broker.logging;

import org.jspecify.annotations.NullMarked;
