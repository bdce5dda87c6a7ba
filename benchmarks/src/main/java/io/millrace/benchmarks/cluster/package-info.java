/**
 * Several systems side by side: {@code BenchMain} starts for each of them three server processes ({@code Servers}) and one client
 * process ({@code DriverMain}), which all live until the end, so that what the JIT compiler has learned stays. Then, by turns,
 * each system gets the same piece of work ({@code Cell}), while the others are idle; what they use meanwhile is told as well.
 *
 * <p>What is done so that the comparison is fair:
 *
 * <ul>
 *   <li>Neighbours are compared with neighbours: ratios are those of one repetition, and the order changes from one to the next.
 *   <li>Before anything is measured, each system has led on each of its servers, with records of each size.
 *   <li>Each piece of work has a topic of its own, which is deleted afterwards; {@code sync} before each one, so that nobody pays for
 *       what another has left in the page cache.
 *   <li>One thread produces, in the same loop ({@code Load}), the same values, with each system's own Java client.
 *   <li>Latency counts from the time at which a record was due.
 *   <li>What is read is counted from before a consumer is made; none is in a group, so nobody waits for an assignment. "Cold" means that the
 *       operating system was told to drop the servers' files ({@code POSIX_FADV_DONTNEED}), and how much they then read from disk is told
 *       as well. What the host of a virtual disk has in its memory stays there.
 *   <li>Members of a group poll on a thread each, with the defaults of their client; Kafka's speak the protocol of KIP-848. How long a
 *       partition is paused is the time between two of its records that are handled; there is one every twelve milliseconds.
 * </ul>
 */
@NullMarked
package io.millrace.benchmarks.cluster;

import org.jspecify.annotations.NullMarked;
