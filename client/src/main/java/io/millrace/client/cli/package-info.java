/** The command line on top of the client. */
@NullMarked
package io.millrace.client.cli;

import org.jspecify.annotations.NullMarked;
