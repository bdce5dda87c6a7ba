/**
 * Room on the disk. {@link io.millrace.broker.disk.DiskReserve} decides what a number of free bytes means, {@link
 * io.millrace.broker.disk.DiskWatch} looks and says so, {@link io.millrace.broker.disk.DiskReport} is what replicas and
 * pages read.
 *
 * <p>What each state does to a replica is at {@link io.millrace.partition.replica.DiskSpace}.
 */
@NullMarked
package io.millrace.broker.disk;

import org.jspecify.annotations.NullMarked;
