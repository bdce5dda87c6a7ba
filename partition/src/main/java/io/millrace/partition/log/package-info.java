/**
 * The segmented log: the entries of one replica on disk.
 *
 * <p>It knows Raft's values ({@link io.millrace.partition.raft.Entry}, {@link
 * io.millrace.partition.raft.LogPosition}), nothing of actors, and of the payloads only what an {@link
 * io.millrace.partition.log.OffsetReader} tells. {@link io.millrace.partition.log.SegmentedLog} is the door; {@link
 * io.millrace.partition.log.Storage} is the seam to the disk; {@link io.millrace.partition.log.EntryCache} keeps the
 * tail in memory.
 *
 * <h2>Files</h2>
 *
 * <p>{@code <first index, 20 digits>.log} is a segment: a header of 64 bytes, then frames. Behind the last frame of the
 * newest segment come zeros, written ahead. {@code .index} beside it says what is in the segment up to some byte:
 * term starts, the last entry, and for one entry in every {@code index-interval-bytes} its index, offset, timestamp and
 * position. It is written when a segment is full and when a log is closed, always of durable frames, and never changed;
 * one that is missing, torn or damaged (checksum) or of another segment (salt) is made again from the frames. {@code
 * reset.intent} exists while a log is reset or deleted, {@code truncate.intent} while durable entries are taken away; a
 * crash in between is followed by doing it once more.
 *
 * <p>{@code <index, 20 digits>.snapshot} is what stands for the entries up to that index, in a log that was trimmed or reset: see
 * {@link io.millrace.partition.raft.SnapshotCodec}. There is exactly one, of the position before the first segment; others
 * are of work that was interrupted.
 *
 * <p>Files of other names (a replica keeps snapshots of its producers there) are none of the log's business, except that
 * deleting the log deletes them too.
 *
 * <p>All numbers are big endian.
 *
 * <table>
 *   <caption>Segment header</caption>
 *   <tr><th>byte</th><th>field</th></tr>
 *   <tr><td>0</td><td>magic, int32 {@code MLOG}</td></tr>
 *   <tr><td>4</td><td>format version, int16: 1; then 2 bytes of zero</td></tr>
 *   <tr><td>8</td><td>index before the first entry, int64</td></tr>
 *   <tr><td>16</td><td>term there, int64</td></tr>
 *   <tr><td>24</td><td>next offset there, int64</td></tr>
 *   <tr><td>32</td><td>salt, int64, random</td></tr>
 *   <tr><td>40</td><td>CRC32C of the bytes before; then zeros up to byte 64</td></tr>
 * </table>
 *
 * <table>
 *   <caption>Frame</caption>
 *   <tr><th>byte</th><th>field</th></tr>
 *   <tr><td>0</td><td>CRC32C of all that follows, combined with the salt and the frame's position</td></tr>
 *   <tr><td>4</td><td>length of the payload, int32</td></tr>
 *   <tr><td>8</td><td>index, int64</td></tr>
 *   <tr><td>16</td><td>term, int64</td></tr>
 *   <tr><td>24</td><td>durable: the last entry known to be forced when this frame was written, int64</td></tr>
 *   <tr><td>32</td><td>next offset after this entry, int64</td></tr>
 *   <tr><td>40</td><td>type, int8: 1 no-op, 2 data, 3 configuration, 4 trim, 0 mark</td></tr>
 *   <tr><td>41</td><td>payload</td></tr>
 * </table>
 *
 * <p>A <em>mark</em> is not an entry. It is written, not forced, behind the last frame after each force, has the index
 * of the entry to come and {@code durable} one less; the next frame overwrites it.
 *
 * <h2>Torn or damaged?</h2>
 *
 * <p>Many frames are written between two forces, and the disk may have any of their sectors after a crash, in any
 * order. So at the first place where the expected frame is not, a good frame further on proves nothing – unless it says
 * that the missing one was durable when it was written:
 *
 * <pre>
 *   1 2 3 | 4 5 6            forced up to 3; 4, 5 and 6 were written with durable = 3
 *   1 2 3   x 5 6            a crash: 4 was never promised, cut at 4
 *   1 x 3   4 5 6            4 says that 3 was durable, and so 2: damage, refuse to open
 * </pre>
 *
 * <p>The newest segment is read at opening from where its index ends; the other segments are read only if their index
 * is no good, and their frames are verified whenever they are read.
 *
 * <h2>What holds</h2>
 *
 * <ul>
 *   <li>An entry that was covered by {@code sync} is in the log after any crash, as it was, until it is truncated or
 *       trimmed; or opening, at the latest reading it, throws {@link
 *       io.millrace.partition.log.LogCorruptedException}. The exception to this is damage to the very last force before
 *       a crash, when the crash also lost the mark behind it: that looks like a torn write. Nothing written before the
 *       force returned could tell, and a second force would double the cost of every write; losing it on one replica
 *       of a majority takes a crash and a damaged sector at once.
 *   <li>A truncated entry does not come back: the file is cut and forced before {@code truncateFrom} returns, and so is
 *       what recovery cuts.
 *   <li>After opening, everything in the log is durable: what nothing proves to be is written again, then forced.
 *   <li>A segment exists durably before it has frames, and its predecessor is complete and forced before it exists.
 *       Trimming deletes one segment after the other from the beginning, so that a crash never leaves a hole; before that, what
 *       stands for them is durable.
 *   <li>A log that was trimmed or reset has its snapshot after any crash, of the old start or the new one; or opening throws
 *       {@link io.millrace.partition.log.LogCorruptedException}.
 *   <li>A 512-byte sector is assumed to be written whole or not at all, or byte by byte; not to be destroyed when a
 *       write to it is interrupted, for the sector of the last durable frame is also that of the next.
 * </ul>
 */
@NullMarked
package io.millrace.partition.log;

import org.jspecify.annotations.NullMarked;
