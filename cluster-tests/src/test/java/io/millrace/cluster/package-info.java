/**
 * Tests with real processes: brokers as {@code bin/millrace broker} starts them, clients as {@code bin/millrace} commands, killed
 * with {@code SIGKILL}. What they wait for is a condition, never a time; what they bound is only how long a broken build hangs.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.cluster;
