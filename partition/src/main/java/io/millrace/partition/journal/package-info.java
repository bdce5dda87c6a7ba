/**
 * The journal of Akka Persistence that holds term and vote of every replica: LevelDB, as Akka's own, but with one force for
 * all that waits (see decision 003). Nothing else is written with it.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.partition.journal;
