package io.millrace.protocol.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.ShortRange;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MutableRecordBatch;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.ByteUtils;
import org.junit.jupiter.api.Test;

class KafkaCompatibilityTest {
    @Provide
    Arbitrary<List<StoredRecord>> records() {
        return Samples.recordLists(12);
    }

    @Property(tries = 400)
    void ourBatchesAreKafkasByteForByte(@ForAll("records") List<StoredRecord> records) {
        Bytes ours = Samples.batchOf(records);

        assertThat(ours).isEqualTo(KafkaOracle.encode(records));
        assertThat(KafkaOracle.decode(ours)).isEqualTo(records);
    }

    @Property(tries = 400)
    void weReadWhatKafkaWrites(@ForAll("records") List<StoredRecord> records) {
        Bytes theirs = KafkaOracle.encode(records);

        RecordBatch.at(theirs, 0).validateRecords();
        assertThat(Samples.decode(theirs)).isEqualTo(records);
    }

    @Property(tries = 200)
    void producersAreWrittenAndReadAsKafkaDoes(
            @ForAll("records") List<StoredRecord> records,
            @ForAll @LongRange(min = 0) long id,
            @ForAll @ShortRange(min = 0) short epoch,
            @ForAll @IntRange(min = 0) int sequence) {
        KafkaOracle.Encoding kafka = new KafkaOracle.Encoding();
        kafka.producerId = id;
        kafka.producerEpoch = epoch;
        kafka.baseSequence = sequence;
        RecordBatchBuilder builder = new RecordBatchBuilder(Samples.NO_BOUND);
        Samples.appendAll(builder, records);

        Bytes ours = builder.producer(id, epoch, sequence).build();

        assertThat(ours).isEqualTo(kafka.of(records));
        RecordBatch batch = RecordBatch.at(ours, 0);
        batch.validateRecords();
        assertThat(batch.hasProducer()).isTrue();
        assertThat(batch.producerId()).isEqualTo(id);
        assertThat(batch.producerEpoch()).isEqualTo(epoch);
        assertThat(batch.baseSequence()).isEqualTo(sequence);
        // Includes sequences that wrap around.
        assertThat(batch.lastSequence())
                .isEqualTo(KafkaOracle.batches(ours).get(0).lastSequence());
    }

    @Property(tries = 200)
    void theLeadersFieldsAreWhereKafkaHasThem(
            @ForAll("records") List<StoredRecord> records,
            @ForAll @LongRange(min = 0, max = Long.MAX_VALUE - 12) long baseOffset,
            @ForAll int leaderEpoch) {
        KafkaOracle.Encoding kafka = new KafkaOracle.Encoding();
        kafka.baseOffset = baseOffset;
        kafka.leaderEpoch = leaderEpoch;
        byte[] ours = Samples.batchOf(records).toByteArray();

        long next = RecordBatches.assignOffsets(ours, 0, ours.length, baseOffset, leaderEpoch);

        assertThat(Bytes.wrap(ours)).isEqualTo(kafka.of(records));
        RecordBatch batch = RecordBatch.at(Bytes.wrap(ours), 0);
        batch.validateRecords();
        assertThat(batch.partitionLeaderEpoch()).isEqualTo(leaderEpoch);
        assertThat(batch.baseOffset()).isEqualTo(baseOffset);
        assertThat(batch.nextOffset()).isEqualTo(next).isEqualTo(baseOffset + records.size());
        assertThat(Samples.decode(Bytes.wrap(ours))).isEqualTo(KafkaOracle.decode(Bytes.wrap(ours)));
    }

    @Property(tries = 100)
    void theHeaderIsReadAsKafkaReadsIt(@ForAll("records") List<StoredRecord> records) {
        KafkaOracle.Encoding kafka = new KafkaOracle.Encoding();
        kafka.producerId = 5;
        kafka.producerEpoch = 6;
        kafka.baseSequence = 7;
        kafka.transactional = true;
        Bytes bytes = kafka.of(records);
        MutableRecordBatch theirs = KafkaOracle.batches(bytes).get(0);

        RecordBatch ours = RecordBatch.at(bytes, 0);

        assertThat(ours.sizeInBytes()).isEqualTo(theirs.sizeInBytes()).isEqualTo(bytes.size());
        assertThat(ours.recordCount()).isEqualTo(theirs.countOrNull()).isEqualTo(records.size());
        assertThat(ours.lastOffset()).isEqualTo(theirs.lastOffset());
        assertThat(Integer.toUnsignedLong(ours.crc())).isEqualTo(theirs.checksum());
        assertThat(ours.baseTimestampMillis()).isEqualTo(records.get(0).timestampMillis());
        assertThat(ours.maxTimestampMillis()).isEqualTo(theirs.maxTimestamp());
        assertThat(ours.isTransactional()).isTrue();
        assertThat(ours.isControl()).isEqualTo(theirs.isControlBatch()).isFalse();
        assertThat(ours.compression()).isEqualTo(Compression.NONE);
        assertThat(ours.bytes()).isEqualTo(bytes);
    }

    @Property(tries = 100)
    void withLogAppendTimeEveryRecordHasTheBrokersTime(
            @ForAll("records") List<StoredRecord> records,
            @ForAll @LongRange(min = 0, max = 3_000_000_000_000L) long appendedMillis) {
        Bytes bytes = KafkaOracle.encode(records);
        // As Kafka's broker does it: over the producer's batch, whose deltas stay.
        Bytes own = Bytes.wrap(bytes.toByteArray());
        MutableRecordBatch theirs = MemoryRecords.readableRecords(ByteBuffer.wrap(own.unsafeArray()))
                .batches()
                .iterator()
                .next();
        theirs.setMaxTimestamp(TimestampType.LOG_APPEND_TIME, appendedMillis);

        RecordBatch ours = RecordBatch.at(own, 0);
        ours.validateRecords();

        assertThat(ours.timestampType()).isEqualTo(io.millrace.protocol.record.TimestampType.LOG_APPEND_TIME);
        assertThat(Samples.decode(own))
                .isEqualTo(KafkaOracle.decode(own))
                .allMatch(r -> r.timestampMillis() == appendedMillis);
    }

    @Test
    void aTransactionMarkerIsAControlBatchOutsideOfTheProducersSequence() {
        MemoryRecords marker = MemoryRecords.withEndTransactionMarker(
                9, (short) 2, new EndTransactionMarker(ControlRecordType.COMMIT, 1));

        RecordBatch batch = RecordBatch.at(Bytes.wrap(marker.buffer()), 0);

        batch.validateRecords();
        assertThat(batch.isControl()).isTrue();
        assertThat(batch.producerId()).isEqualTo(9);
        assertThat(batch.baseSequence()).isEqualTo(batch.lastSequence()).isEqualTo(RecordBatch.NO_SEQUENCE);
    }

    @Property(tries = 300)
    void whatKafkaCompressesIsReadHere(
            @ForAll("lists") List<StoredRecord> records, @ForAll org.apache.kafka.common.record.CompressionType type) {
        KafkaOracle.Encoding kafka = new KafkaOracle.Encoding();
        kafka.compression =
                org.apache.kafka.common.compress.Compression.of(type).build();

        RecordBatch batch = RecordBatch.at(kafka.of(records), 0);

        batch.validateRecords();
        assertThat(batch.compression().name()).isEqualTo(type.name());
        assertThat(batch.compression().id()).isEqualTo(type.id);
        assertThat(batch.records()).containsExactlyElementsOf(records);
    }

    @Property(tries = 300)
    void whatIsCompressedHereIsReadByKafka(@ForAll("lists") List<StoredRecord> records, @ForAll Compression type) {
        List<StoredRecord> repetitive = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            repetitive.addAll(records);
        }
        List<StoredRecord> numbered = Samples.numbered(repetitive);
        RecordBatchBuilder builder = new RecordBatchBuilder(Samples.NO_BOUND);
        Samples.appendAll(builder, numbered);

        Bytes batch = builder.build(type);

        assertThat(KafkaOracle.decode(batch)).isEqualTo(numbered);
        assertThat(Samples.decode(batch)).isEqualTo(numbered);
    }

    @Provide
    Arbitrary<List<StoredRecord>> lists() {
        return Samples.recordLists(30);
    }

    @Test
    void manyAndLargeRecordsAreTheSameInBoth() {
        List<StoredRecord> records = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            records.add(new StoredRecord(
                    0, 1_000_000 - i, Bytes.utf8("k" + i), Bytes.utf8("v".repeat(i % 200)), List.of()));
        }
        byte[] large = new byte[3_000_000];
        Arrays.fill(large, (byte) 7);
        records.add(new StoredRecord(0, 5, null, Bytes.wrap(large), List.of(new Header("x".repeat(70_000), null))));
        List<StoredRecord> numbered = Samples.numbered(records);

        Bytes ours = Samples.batchOf(numbered);

        assertThat(ours).isEqualTo(KafkaOracle.encode(numbered));
        RecordBatch.at(ours, 0).validateRecords();
        assertThat(Samples.decode(ours)).isEqualTo(numbered);
    }

    @Property(tries = 100)
    void severalBatchesInARowAreFoundAsKafkaFindsThem(@ForAll("batchesInARow") List<List<StoredRecord>> batches) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        batches.forEach(records -> out.writeBytes(Samples.batchOf(records).toByteArray()));
        byte[] all = out.toByteArray();
        long next = RecordBatches.assignOffsets(all, 0, all.length, 100, 9);

        List<StoredRecord> ours = new ArrayList<>();
        for (RecordBatch batch : RecordBatches.iterate(Bytes.wrap(all))) {
            batch.validateRecords();
            batch.records().forEach(ours::add);
        }

        List<StoredRecord> theirs = new ArrayList<>();
        KafkaOracle.batches(Bytes.wrap(all)).forEach(batch -> theirs.addAll(KafkaOracle.decode(batch)));
        assertThat(ours).isEqualTo(theirs);
        assertThat(ours)
                .extracting(StoredRecord::offset)
                .containsExactlyElementsOf(LongStream.range(100, next).boxed().toList());
    }

    @Provide
    Arbitrary<List<List<StoredRecord>>> batchesInARow() {
        return Samples.recordLists(4).list().ofMaxSize(5);
    }

    @Property(tries = 1000)
    void variableLengthIntegersAreKafkas(@ForAll long value) {
        ByteBuffer theirs = ByteBuffer.allocate(10);
        ByteUtils.writeVarlong(value, theirs);
        byte[] ours = new byte[10];

        assertThat(Varint.write(ours, 0, value)).isEqualTo(Varint.sizeOf(value)).isEqualTo(theirs.position());
        assertThat(ours).isEqualTo(theirs.array());
    }
}
