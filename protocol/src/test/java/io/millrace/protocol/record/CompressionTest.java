package io.millrace.protocol.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.CorruptRecordBatchException.Reason;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.xerial.snappy.Snappy;

/** What {@link KafkaCompatibilityTest} cannot ask of Kafka: bounds, and input from hostile peers. */
class CompressionTest {
    private static final int MIB = 1 << 20;

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void whatShrinksIsCompressedAndWhatDoesNotIsLeftAsItIs(Compression compression) {
        byte[] noise = new byte[10_000];
        new Random(1).nextBytes(noise);

        RecordBatch zeros = RecordBatch.at(batch(compression, new byte[10_000]), 0);
        RecordBatch random = RecordBatch.at(batch(compression, noise), 0);

        assertThat(zeros.compression()).isEqualTo(compression);
        assertThat(zeros.sizeInBytes()).isLessThan(1_000);
        assertThat(random.compression()).isEqualTo(Compression.NONE);
        random.validateRecords();
    }

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void aBatchThatUnpacksToMoreThanAllowedIsRefused(Compression compression) {
        Bytes plain = batch(Compression.NONE, new byte[4 * MIB]);
        int records = plain.size() - RecordBatch.HEADER_SIZE;
        RecordBatch bomb = RecordBatch.at(batch(compression, new byte[4 * MIB]), 0);

        assertThat(bomb.validateRecords(records)).isEqualTo(records);
        assertRefused(Reason.TOO_LARGE, () -> bomb.validateRecords(records - 1));
        assertRefused(Reason.TOO_LARGE, () -> bomb.cursor(1));
    }

    @Test
    void aBlockThatOnlyClaimsToBeLargeAllocatesNothing() {
        // Raw snappy begins with the length that it unpacks to: here 2 GiB - 1, in five bytes.
        Bytes claim = Bytes.wrap(new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 7, 0, 0});

        assertThatExceptionOfType(Codec.TooLargeException.class)
                .isThrownBy(() -> Codec.decompress(Compression.SNAPPY, claim, 16 * MIB));
    }

    @Test
    void snappyWithoutBlocksIsRead() throws Exception {
        byte[] plain = new byte[100_000];
        Arrays.fill(plain, (byte) 3);

        Bytes unpacked = Codec.decompress(Compression.SNAPPY, Bytes.wrap(Snappy.compress(plain)), MIB);

        assertThat(unpacked).isEqualTo(Bytes.wrap(plain));
    }

    @Property(tries = 2000)
    void damagedCompressedBytesAreRefusedOrReadAndNothingElse(@ForAll Compression compression, @ForAll Random random) {
        byte[] value = new byte[3_000];
        for (int i = 0; i < value.length; i++) {
            value[i] = (byte) random.nextInt(4);
        }
        byte[] damaged = batch(compression, value).toByteArray();
        int section = damaged.length - RecordBatch.HEADER_SIZE;
        for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
            damaged[RecordBatch.HEADER_SIZE + random.nextInt(section)] ^= (byte) (1 << random.nextInt(8));
        }

        try {
            RecordBatch.at(Bytes.wrap(Samples.sealed(damaged)), 0).validateRecords(MIB);
        } catch (CorruptRecordBatchException e) {
            assertThat(e.position()).isBetween(0, damaged.length);
        }
    }

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void compressedBytesThatEndEarlyAreRefused(Compression compression) {
        byte[] whole = batch(compression, new byte[100_000]).toByteArray();
        for (int size = RecordBatch.HEADER_SIZE; size < whole.length; size++) {
            byte[] cut = Arrays.copyOf(whole, size);
            BatchLayout.putInt(cut, BatchLayout.BATCH_LENGTH, size - BatchLayout.LENGTH_OVERHEAD);

            assertThatThrownBy(() ->
                            RecordBatch.at(Bytes.wrap(Samples.sealed(cut)), 0).validateRecords(MIB))
                    .isInstanceOf(CorruptRecordBatchException.class);
        }
    }

    @Test
    void aCountThatTheUnpackedRecordsContradictIsRefused() {
        byte[] lying = batch(Compression.GZIP, new byte[1_000]).toByteArray();
        BatchLayout.putInt(lying, BatchLayout.RECORD_COUNT, 2);
        BatchLayout.putInt(lying, BatchLayout.LAST_OFFSET_DELTA, 1);

        assertRefused(Reason.BAD_LENGTH, () -> RecordBatch.at(Bytes.wrap(Samples.sealed(lying)), 0)
                .validateRecords());
    }

    private static void assertRefused(Reason reason, Runnable reading) {
        assertThatExceptionOfType(CorruptRecordBatchException.class)
                .isThrownBy(reading::run)
                .returns(reason, CorruptRecordBatchException::reason);
    }

    private static Bytes batch(Compression compression, byte[] value) {
        RecordBatchBuilder builder = new RecordBatchBuilder(Samples.NO_BOUND);
        if (!builder.tryAppend(1, null, Bytes.wrap(value), List.of())) {
            throw new AssertionError("no room");
        }
        return builder.build(compression);
    }
}
