/**
 * A Millrace cluster for the tests of an application: {@link io.millrace.testkit.EmbeddedCluster} runs one to five real
 * brokers in the test's own JVM – sockets, files, elections and all – and {@link io.millrace.testkit.MillraceExtension} does
 * that around the tests of a JUnit 5 class.
 */
@NullMarked
package io.millrace.testkit;

import org.jspecify.annotations.NullMarked;
