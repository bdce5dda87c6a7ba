/** What a partition replica decides, as plain classes: no Akka, no I/O, no clock. */
@org.jspecify.annotations.NullMarked
package io.millrace.partition.state;
