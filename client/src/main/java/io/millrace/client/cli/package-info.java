/**
 * The command line. {@link io.millrace.client.cli.MillraceCli} builds the commands; each command is a class that reads its
 * options, calls the client and prints. A command gets its streams and environment as a
 * {@link io.millrace.client.cli.Console}, so that a test runs it in its own process and sees every byte.
 *
 * <p>For scripts: data on stdout, everything else on stderr; exit status 0 if all was done, 1 if not, 2 if the command was
 * misspelt. Values are bytes and stay bytes. A reader that goes away (a closed pipe) ends a command without a word.
 */
@NullMarked
package io.millrace.client.cli;

import org.jspecify.annotations.NullMarked;
