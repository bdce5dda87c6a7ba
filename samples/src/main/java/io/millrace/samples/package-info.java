/** Runnable examples, each a main class that shows one idea. */
@NullMarked
package io.millrace.samples;

import org.jspecify.annotations.NullMarked;
