/** The broker process: main class, settings and guardian. */
@NullMarked
package io.millrace.broker;

import org.jspecify.annotations.NullMarked;
