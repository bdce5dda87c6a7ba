/**
 * Record batches: the unit in which messages are produced, replicated, stored and fetched.
 *
 * <p>The format is Kafka's record batch v2 (<a
 * href="https://kafka.apache.org/documentation/#recordbatch">kafka.apache.org/documentation/#recordbatch</a>), all
 * integers big-endian:
 *
 * <table>
 * <caption>A batch</caption>
 * <tr><th>at</th><th>field</th><th>type</th><th>meaning here</th></tr>
 * <tr><td>0</td><td>baseOffset</td><td>int64</td><td>the first record's offset; the leader's to write, not in the CRC</td></tr>
 * <tr><td>8</td><td>batchLength</td><td>int32</td><td>bytes that follow this field: the batch's size less 12</td></tr>
 * <tr><td>12</td><td>partitionLeaderEpoch</td><td>int32</td><td>-1 until the leader writes it; not in the CRC</td></tr>
 * <tr><td>16</td><td>magic</td><td>int8</td><td>2</td></tr>
 * <tr><td>17</td><td>crc</td><td>uint32</td><td>CRC32C of everything from attributes to the end</td></tr>
 * <tr><td>21</td><td>attributes</td><td>int16</td><td>bits 0–2 compression, 3 timestamp type (1: log append time),
 * 4 transactional, 5 control; the others must be 0</td></tr>
 * <tr><td>23</td><td>lastOffsetDelta</td><td>int32</td><td>recordCount - 1: there are no gaps</td></tr>
 * <tr><td>27</td><td>baseTimestamp</td><td>int64</td><td>the first record's timestamp, ms since 1970, -1 if none</td></tr>
 * <tr><td>35</td><td>maxTimestamp</td><td>int64</td><td>the largest one, or the log append time of all</td></tr>
 * <tr><td>43</td><td>producerId</td><td>int64</td><td>-1: no idempotent producer</td></tr>
 * <tr><td>51</td><td>producerEpoch</td><td>int16</td><td>-1 if no producer</td></tr>
 * <tr><td>53</td><td>baseSequence</td><td>int32</td><td>the first record's sequence number, -1 if no producer; wraps from
 * 2<sup>31</sup>-1 to 0</td></tr>
 * <tr><td>57</td><td>recordCount</td><td>int32</td><td>1 or more</td></tr>
 * <tr><td>61</td><td>records</td><td></td><td>one after another; compressed as a whole if the attributes say so</td></tr>
 * </table>
 *
 * <table>
 * <caption>A record; a varint is zigzag and base 128, at most 5 bytes (varlong: 10)</caption>
 * <tr><th>field</th><th>type</th><th>meaning here</th></tr>
 * <tr><td>length</td><td>varint</td><td>bytes that follow this field</td></tr>
 * <tr><td>attributes</td><td>int8</td><td>must be 0</td></tr>
 * <tr><td>timestampDelta</td><td>varlong</td><td>to baseTimestamp; may be negative</td></tr>
 * <tr><td>offsetDelta</td><td>varint</td><td>to baseOffset: 0, 1, 2 …</td></tr>
 * <tr><td>keyLength, key</td><td>varint, bytes</td><td>length -1: null</td></tr>
 * <tr><td>valueLength, value</td><td>varint, bytes</td><td>length -1: null</td></tr>
 * <tr><td>headersCount</td><td>varint</td><td>then so many headers:</td></tr>
 * <tr><td>headerKeyLength, headerKey</td><td>varint, UTF-8</td><td>never null</td></tr>
 * <tr><td>headerValueLength, headerValue</td><td>varint, bytes</td><td>length -1: null</td></tr>
 * </table>
 *
 * <p>Stricter than Kafka where it costs nothing: what is stored must mean one thing only, so attribute bits without a
 * meaning here, lengths below -1, offset gaps and empty batches are refused.
 *
 * <p>Compressed records are in the frames that Kafka's clients write; {@code Codec} undoes them in bounded memory.
 *
 * <p>Who does what: {@link io.millrace.protocol.record.RecordBatchBuilder} writes;
 * {@link io.millrace.protocol.record.RecordBatch} reads the header in place and checks it, which is all that a broker does
 * to a batch; {@link io.millrace.protocol.record.RecordCursor} walks the records without allocating;
 * {@link io.millrace.protocol.record.RecordBatches} does what concerns several batches in a row. Every byte may come from a
 * hostile peer: bad input ends in {@link io.millrace.protocol.record.CorruptRecordBatchException} and nothing else, and no
 * length or count is believed before it has been held against the bytes that are there.
 */
@NullMarked
package io.millrace.protocol.record;

import org.jspecify.annotations.NullMarked;
