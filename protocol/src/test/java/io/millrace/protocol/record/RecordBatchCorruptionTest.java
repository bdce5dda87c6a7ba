package io.millrace.protocol.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.CorruptRecordBatchException.Reason;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** Bytes that lie are refused with the reason, and nothing else happens. */
class RecordBatchCorruptionTest {
    /** One record of key "k" and value "v" and no header: 9 bytes, so that fields are where one can name them. */
    private static final int LENGTH_AT = BatchLayout.RECORDS;

    private static final int ATTRIBUTES_AT = LENGTH_AT + 1;
    private static final int TIMESTAMP_DELTA_AT = LENGTH_AT + 2;
    private static final int OFFSET_DELTA_AT = LENGTH_AT + 3;
    private static final int KEY_LENGTH_AT = LENGTH_AT + 4;
    private static final int VALUE_LENGTH_AT = LENGTH_AT + 6;
    private static final int HEADER_COUNT_AT = LENGTH_AT + 8;

    @Test
    void everyFlippedBitIsFoundButInTheLeadersFields() {
        byte[] batch = Samples.smallBatch().toByteArray();
        for (int bit = 0; bit < batch.length * 8; bit++) {
            byte[] damaged = batch.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            int at = bit / 8;
            boolean sign = bit == 7; // Of the base offset, whose first byte has it.
            boolean leaders = at < BatchLayout.BATCH_LENGTH
                    || (at >= BatchLayout.PARTITION_LEADER_EPOCH && at < BatchLayout.MAGIC);
            if (leaders && !sign) {
                RecordBatch.at(Bytes.wrap(damaged), 0).validateRecords();
            } else {
                assertThatThrownBy(() -> RecordBatch.at(Bytes.wrap(damaged), 0).validate())
                        .as("bit %d", bit)
                        .isInstanceOf(CorruptRecordBatchException.class);
            }
        }
    }

    @Test
    void aBatchCutAnywhereIsTruncated() {
        Bytes batch = Samples.smallBatch();
        for (int size = 0; size < batch.size(); size++) {
            Bytes cut = batch.slice(0, size);
            assertReason(Reason.TRUNCATED, () -> RecordBatch.at(cut, 0));
        }
    }

    @Test
    void aBatchWhoseLengthIsCutTooFailsItsChecksum() {
        Bytes batch = Samples.smallBatch();
        for (int size = RecordBatch.HEADER_SIZE; size < batch.size(); size++) {
            byte[] cut = batch.slice(0, size).toByteArray();
            BatchLayout.putInt(cut, BatchLayout.BATCH_LENGTH, size - BatchLayout.LENGTH_OVERHEAD);
            assertReason(
                    Reason.BAD_CRC, () -> RecordBatch.at(Bytes.wrap(cut), 0).validate());
            // And if the checksum agrees with the cut, the records do not.
            Samples.sealed(cut);
            assertThatThrownBy(() -> RecordBatch.at(Bytes.wrap(cut), 0).validateRecords())
                    .isInstanceOf(CorruptRecordBatchException.class);
        }
    }

    @Property(tries = 20_000)
    void damageThatTheChecksumVouchesForIsRefusedOrReadAsKafkaReadsIt(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] batch = Samples.smallBatch().toByteArray();
        for (int i = random.nextInt(3); i >= 0; i--) {
            // Attributes and what follows; the fields before have tests of their own.
            int at = BatchLayout.ATTRIBUTES + random.nextInt(batch.length - BatchLayout.ATTRIBUTES);
            batch[at] = (byte) (random.nextBoolean() ? random.nextInt() : batch[at] ^ 1 << random.nextInt(8));
        }
        Bytes damaged = Bytes.wrap(Samples.sealed(batch));
        try {
            RecordBatch.at(damaged, 0).validateRecords();
        } catch (CorruptRecordBatchException refused) {
            assertThat(refused.reason()).isNotEqualTo(Reason.BAD_CRC);
            assertThat(refused.position()).isBetween(0, damaged.size());
            return;
        }
        assertThat(Samples.decode(damaged)).isEqualTo(KafkaOracle.decode(damaged));
    }

    @Property(tries = 20_000)
    void garbageIsRefused(@ForAll @Size(max = 200) byte[] garbage, @ForAll boolean plausible) {
        if (plausible && garbage.length >= RecordBatch.HEADER_SIZE) {
            // Past the framing and the checksum, or almost nothing of it would reach the records.
            garbage[BatchLayout.MAGIC] = BatchLayout.MAGIC_V2;
            BatchLayout.putInt(garbage, BatchLayout.BATCH_LENGTH, garbage.length - BatchLayout.LENGTH_OVERHEAD);
            int count = 1 + (garbage[BatchLayout.RECORD_COUNT] & 1);
            BatchLayout.putInt(garbage, BatchLayout.RECORD_COUNT, count);
            BatchLayout.putInt(garbage, BatchLayout.LAST_OFFSET_DELTA, count - 1);
            Arrays.fill(garbage, BatchLayout.ATTRIBUTES, BatchLayout.LAST_OFFSET_DELTA, (byte) 0);
            Arrays.fill(garbage, BatchLayout.BASE_TIMESTAMP, BatchLayout.RECORD_COUNT, (byte) 0);
            garbage[BatchLayout.BASE_OFFSET] &= 0x7f;
            Samples.sealed(garbage);
        }
        try {
            for (RecordBatch batch : RecordBatches.iterate(Bytes.wrap(garbage))) {
                batch.validateRecords();
                batch.records().forEach(r -> {});
            }
        } catch (CorruptRecordBatchException e) {
            assertThat(e.position()).isBetween(0, garbage.length);
            return;
        }
        // Only nothing, or a batch by rare luck that Kafka reads too.
        assertThat(garbage.length == 0 || plausible).isTrue();
    }

    @Test
    void eachLieOfTheHeaderHasItsReason() {
        header(Reason.BAD_MAGIC, b -> b[BatchLayout.MAGIC] = 1);
        header(Reason.BAD_MAGIC, b -> b[BatchLayout.MAGIC] = -2);
        header(Reason.BAD_LENGTH, b -> BatchLayout.putInt(b, BatchLayout.BATCH_LENGTH, 48));
        header(Reason.BAD_LENGTH, b -> BatchLayout.putInt(b, BatchLayout.BATCH_LENGTH, Integer.MIN_VALUE));
        header(Reason.TRUNCATED, b -> BatchLayout.putInt(b, BatchLayout.BATCH_LENGTH, Integer.MAX_VALUE));
        header(Reason.TRUNCATED, b -> BatchLayout.putInt(b, BatchLayout.BATCH_LENGTH, b.length - 11));
        header(Reason.BAD_ATTRIBUTES, b -> BatchLayout.putShort(b, BatchLayout.ATTRIBUTES, (short) 0x40));
        header(Reason.BAD_ATTRIBUTES, b -> BatchLayout.putShort(b, BatchLayout.ATTRIBUTES, (short) 0x8000));
        header(Reason.UNSUPPORTED_CODEC, b -> BatchLayout.putShort(b, BatchLayout.ATTRIBUTES, (short) 5));
        header(Reason.EMPTY, b -> BatchLayout.putInt(b, BatchLayout.RECORD_COUNT, 0));
        header(Reason.BAD_COUNT, b -> BatchLayout.putInt(b, BatchLayout.RECORD_COUNT, -1));
        header(Reason.BAD_COUNT, b -> BatchLayout.putInt(b, BatchLayout.LAST_OFFSET_DELTA, 1));
        header(Reason.BAD_COUNT, b -> {
            BatchLayout.putInt(b, BatchLayout.RECORD_COUNT, Integer.MAX_VALUE);
            BatchLayout.putInt(b, BatchLayout.LAST_OFFSET_DELTA, Integer.MAX_VALUE - 1);
        });
        header(Reason.BAD_OFFSET, b -> BatchLayout.putLong(b, BatchLayout.BASE_OFFSET, -1));
        header(Reason.BAD_OFFSET, b -> BatchLayout.putLong(b, BatchLayout.BASE_OFFSET, Long.MAX_VALUE));
        header(Reason.BAD_TIMESTAMP, b -> BatchLayout.putLong(b, BatchLayout.BASE_TIMESTAMP, -2));
        header(Reason.BAD_TIMESTAMP, b -> BatchLayout.putLong(b, BatchLayout.MAX_TIMESTAMP, 99));
        header(Reason.BAD_TIMESTAMP, b -> BatchLayout.putLong(b, BatchLayout.MAX_TIMESTAMP, Long.MIN_VALUE));
        header(Reason.BAD_PRODUCER, b -> BatchLayout.putLong(b, BatchLayout.PRODUCER_ID, -2));
        header(Reason.BAD_PRODUCER, b -> BatchLayout.putLong(b, BatchLayout.PRODUCER_ID, 1));
        header(Reason.BAD_PRODUCER, b -> {
            BatchLayout.putLong(b, BatchLayout.PRODUCER_ID, 1);
            BatchLayout.putShort(b, BatchLayout.PRODUCER_EPOCH, (short) 0);
        });
    }

    @Test
    void eachLieOfARecordHasItsReason() {
        record(Reason.BAD_LENGTH, b -> b[LENGTH_AT] = varint(-1));
        record(Reason.BAD_LENGTH, b -> b[LENGTH_AT] = varint(5));
        record(Reason.BAD_LENGTH, b -> b[LENGTH_AT] = varint(7));
        record(Reason.BAD_LENGTH, b -> b[LENGTH_AT] = varint(9));
        record(Reason.BAD_LENGTH, b -> Varint.write(b, LENGTH_AT, Integer.MAX_VALUE));
        record(Reason.BAD_LENGTH, b -> Varint.write(b, LENGTH_AT, Integer.MIN_VALUE));
        record(Reason.BAD_VARINT, b -> Varint.write(b, LENGTH_AT, 1L << 32));
        record(Reason.BAD_VARINT, b -> Arrays.fill(b, LENGTH_AT, b.length, (byte) 0xff));
        record(Reason.BAD_ATTRIBUTES, b -> b[ATTRIBUTES_AT] = 1);
        record(Reason.BAD_TIMESTAMP, b -> b[TIMESTAMP_DELTA_AT] = varint(-64)); // 100 - 64 is not the base.
        record(Reason.BAD_TIMESTAMP, b -> b[TIMESTAMP_DELTA_AT] = varint(1));
        record(Reason.BAD_LENGTH, b -> Arrays.fill(b, TIMESTAMP_DELTA_AT, b.length, (byte) 0xff));
        record(Reason.BAD_OFFSET, b -> b[OFFSET_DELTA_AT] = varint(1));
        record(Reason.BAD_OFFSET, b -> b[OFFSET_DELTA_AT] = varint(-1));
        record(Reason.BAD_LENGTH, b -> b[KEY_LENGTH_AT] = varint(-2));
        record(Reason.BAD_LENGTH, b -> b[KEY_LENGTH_AT] = varint(5));
        record(Reason.BAD_LENGTH, b -> b[KEY_LENGTH_AT] = varint(4)); // Leaves no room for the value's length.
        record(Reason.BAD_LENGTH, b -> b[VALUE_LENGTH_AT] = varint(-2));
        record(Reason.BAD_LENGTH, b -> b[VALUE_LENGTH_AT] = varint(63));
        record(Reason.BAD_COUNT, b -> b[HEADER_COUNT_AT] = varint(-1));
        record(Reason.BAD_COUNT, b -> b[HEADER_COUNT_AT] = varint(1));
        // A maximum that no record has.
        record(Reason.BAD_TIMESTAMP, b -> BatchLayout.putLong(b, BatchLayout.MAX_TIMESTAMP, 101));
    }

    @Test
    void timestampsThatOverflowAreRefused() {
        Bytes batch = Samples.batchOf(List.of(
                new StoredRecord(0, 5, null, null, List.of()),
                new StoredRecord(1, Long.MAX_VALUE, null, null, List.of())));
        RecordBatch.at(batch, 0).validateRecords();
        int secondDeltaAt = BatchLayout.RECORDS + BatchLayout.RECORD_SIZE_MIN + 2;
        for (long delta : new long[] {Long.MAX_VALUE, Long.MAX_VALUE - 4, Long.MIN_VALUE + 1}) {
            byte[] damaged = batch.toByteArray();
            Varint.write(damaged, secondDeltaAt, delta);
            assertThat(Varint.sizeOf(delta)).isEqualTo(10);
            assertReason(Reason.BAD_TIMESTAMP, () -> RecordBatch.at(Bytes.wrap(Samples.sealed(damaged)), 0)
                    .validateRecords());
        }
    }

    @Test
    void aTimestampDeltaOfMoreThan64BitsIsRefused() {
        byte[] batch = Samples.batchOf(List.of(new StoredRecord(0, 5, Bytes.wrap(new byte[20]), null, List.of())))
                .toByteArray();
        Arrays.fill(batch, TIMESTAMP_DELTA_AT, TIMESTAMP_DELTA_AT + 9, (byte) 0x80);
        batch[TIMESTAMP_DELTA_AT + 9] = 2;
        assertReason(Reason.BAD_VARINT, () -> RecordBatch.at(Bytes.wrap(Samples.sealed(batch)), 0)
                .validateRecords());
    }

    @Test
    void aRecordCannotReachIntoTheNextOne() {
        StoredRecord plain = new StoredRecord(0, 100, Bytes.utf8("k"), Bytes.utf8("v"), List.of());
        Bytes two = Samples.batchOf(List.of(plain, plain));

        byte[] headers = two.toByteArray();
        headers[HEADER_COUNT_AT] = varint(1);
        assertReason(Reason.BAD_COUNT, () -> RecordBatch.at(Bytes.wrap(Samples.sealed(headers)), 0)
                .validateRecords());

        byte[] value = two.toByteArray();
        value[VALUE_LENGTH_AT] = varint(3);
        assertReason(Reason.BAD_LENGTH, () -> RecordBatch.at(Bytes.wrap(Samples.sealed(value)), 0)
                .validateRecords());

        byte[] count = two.toByteArray();
        count[HEADER_COUNT_AT] = (byte) 0x80; // Goes on in the next record's length.
        assertReason(Reason.BAD_LENGTH, () -> RecordBatch.at(Bytes.wrap(Samples.sealed(count)), 0)
                .validateRecords());
    }

    @Test
    void bytesAfterTheLastRecordAreRefused() {
        byte[] batch = plain();
        byte[] longer = Arrays.copyOf(batch, batch.length + 1);
        BatchLayout.putInt(longer, BatchLayout.BATCH_LENGTH, longer.length - BatchLayout.LENGTH_OVERHEAD);
        RecordBatch trailing = RecordBatch.at(Bytes.wrap(Samples.sealed(longer)), 0);
        trailing.validate();
        assertReason(Reason.BAD_LENGTH, trailing::validateRecords);
    }

    @Test
    void theWidestTimestampsAreReadAsKafkaReadsThem() {
        Bytes batch = Samples.batchOf(List.of(
                new StoredRecord(0, RecordBatch.NO_TIMESTAMP, null, null, List.of()),
                new StoredRecord(1, Long.MAX_VALUE, null, null, List.of())));
        RecordBatch.at(batch, 0).validateRecords();
        assertThat(Samples.decode(batch)).isEqualTo(KafkaOracle.decode(batch));
        assertThat(Samples.decode(batch).get(1).timestampMillis()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void headersThatLieAreRefused() {
        Bytes oneHeader = Samples.batchOf(
                List.of(new StoredRecord(0, 100, null, null, List.of(new Header("ab", Bytes.utf8("cd"))))));
        int keyLengthAt = BatchLayout.RECORDS + 7;
        int valueLengthAt = keyLengthAt + 3;
        for (byte lie : new byte[] {varint(-1), varint(-2), varint(6), varint(63), (byte) 0x80}) {
            byte[] batch = oneHeader.toByteArray();
            batch[keyLengthAt] = lie;
            assertThatThrownBy(() ->
                            RecordBatch.at(Bytes.wrap(Samples.sealed(batch)), 0).validateRecords())
                    .isInstanceOf(CorruptRecordBatchException.class);
        }
        for (byte lie : new byte[] {varint(-1), varint(-2), varint(1), varint(3), varint(63), (byte) 0x80}) {
            byte[] batch = oneHeader.toByteArray();
            batch[valueLengthAt] = lie;
            assertReason(Reason.BAD_LENGTH, () -> RecordBatch.at(Bytes.wrap(Samples.sealed(batch)), 0)
                    .validateRecords());
        }
    }

    @Test
    void aHeaderKeyThatIsNotUtf8IsReadAsKafkaReadsIt() {
        byte[] batch = Samples.batchOf(List.of(new StoredRecord(0, 100, null, null, List.of(new Header("ab", null)))))
                .toByteArray();
        batch[BatchLayout.RECORDS + 8] = (byte) 0xff;
        Bytes sealed = Bytes.wrap(Samples.sealed(batch));

        RecordBatch.at(sealed, 0).validateRecords();

        assertThat(Samples.decode(sealed)).isEqualTo(KafkaOracle.decode(sealed));
        assertThat(Samples.decode(sealed).get(0).headers()).containsExactly(new Header("\ufffdb", null));
    }

    @Test
    void theErrorSaysWhatAndWhere() {
        byte[] good = plain();
        byte[] bad = plain();
        bad[OFFSET_DELTA_AT] = varint(3);
        Samples.sealed(bad);
        byte[] both = Arrays.copyOf(good, good.length + bad.length);
        System.arraycopy(bad, 0, both, good.length, bad.length);

        RecordBatch second = RecordBatch.at(Bytes.wrap(both), good.length);

        assertThatExceptionOfType(CorruptRecordBatchException.class)
                .isThrownBy(second::validateRecords)
                .withMessage(
                        "BAD_OFFSET at byte %d: record 0 of 1: offset delta 3 instead of 0", good.length + LENGTH_AT)
                .returns(good.length + LENGTH_AT, CorruptRecordBatchException::position);
    }

    @Test
    void damageDeepInABatchIsNotInTheWayOfReadingItsHeader() {
        byte[] batch = plain();
        batch[KEY_LENGTH_AT] = varint(50);
        RecordBatch damaged = RecordBatch.at(Bytes.wrap(Samples.sealed(batch)), 0);
        damaged.validate();
        assertThat(damaged.recordCount()).isEqualTo(1);
        assertReason(Reason.BAD_LENGTH, () -> damaged.records().iterator().next());
    }

    private static byte[] plain() {
        return Samples.batchOf(List.of(new StoredRecord(0, 100, Bytes.utf8("k"), Bytes.utf8("v"), List.of())))
                .toByteArray();
    }

    private static byte varint(int value) {
        byte[] one = new byte[5];
        if (Varint.write(one, 0, value) != 1) {
            throw new AssertionError(value + " takes more than one byte");
        }
        return one[0];
    }

    private static void header(Reason reason, Consumer<byte[]> lie) {
        byte[] batch = plain();
        lie.accept(batch);
        Samples.sealed(batch);
        assertReason(reason, () -> RecordBatch.at(Bytes.wrap(batch), 0).validate());
    }

    private static void record(Reason reason, Consumer<byte[]> lie) {
        byte[] batch = plain();
        lie.accept(batch);
        Samples.sealed(batch);
        RecordBatch.at(Bytes.wrap(batch), 0).validate();
        assertReason(reason, () -> RecordBatch.at(Bytes.wrap(batch), 0).validateRecords());
    }

    private static void assertReason(Reason reason, Runnable read) {
        assertThatExceptionOfType(CorruptRecordBatchException.class)
                .isThrownBy(read::run)
                .returns(reason, CorruptRecordBatchException::reason);
    }
}
