package io.millrace.protocol.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.millrace.protocol.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RecordBatchBuilderTest {
    @Provide
    Arbitrary<List<StoredRecord>> records() {
        return Samples.recordLists(8);
    }

    @Property(tries = 300)
    void theSizeIsKnownBeforeARecordIsAppended(@ForAll("records") List<StoredRecord> records) {
        RecordBatchBuilder builder = new RecordBatchBuilder(Samples.NO_BOUND);
        for (StoredRecord r : records) {
            long announced = builder.sizeWith(r.timestampMillis(), r.key(), r.value(), r.headers());
            Samples.appendAll(builder, List.of(r));
            assertThat((long) builder.sizeInBytes()).isEqualTo(announced);
            assertThat(RecordBatchBuilder.sizeOfBatchOf(r.key(), r.value(), r.headers()))
                    .isEqualTo(Samples.batchOf(List.of(r)).size());
        }
        int size = builder.sizeInBytes();
        assertThat(builder.build().size()).isEqualTo(size);
    }

    @Property(tries = 300)
    void aBatchNeverPassesItsBoundAndARefusedRecordLeavesNoTrace(
            @ForAll("records") List<StoredRecord> records, @ForAll @IntRange(min = 61, max = 600) int sizeMax) {
        RecordBatchBuilder builder = new RecordBatchBuilder(sizeMax);
        List<StoredRecord> taken = new ArrayList<>();
        for (StoredRecord r : records) {
            boolean fits = builder.sizeWith(r.timestampMillis(), r.key(), r.value(), r.headers()) <= sizeMax;
            assertThat(builder.tryAppend(r.timestampMillis(), r.key(), r.value(), r.headers()))
                    .isEqualTo(fits);
            if (fits) {
                taken.add(r);
            }
        }
        assertThat(builder.recordCount()).isEqualTo(taken.size());
        if (!taken.isEmpty()) {
            Bytes batch = builder.build();
            assertThat(batch.size()).isLessThanOrEqualTo(sizeMax);
            assertThat(batch).isEqualTo(Samples.batchOf(taken));
        }
    }

    @Property(tries = 500)
    void textIsWrittenAsTheJdkWritesIt(@ForAll String text) {
        boolean encodable = StandardCharsets.UTF_8.newEncoder().canEncode(text);
        assertThat(Utf8.canEncode(text)).isEqualTo(encodable);
        if (encodable) {
            byte[] expected = text.getBytes(StandardCharsets.UTF_8);
            byte[] written = new byte[expected.length];
            assertThat(Utf8.sizeOf(text)).isEqualTo(expected.length);
            assertThat(Utf8.write(written, 0, text)).isEqualTo(expected.length);
            assertThat(written).isEqualTo(expected);
        } else {
            assertThatIllegalArgumentException().isThrownBy(() -> new Header(text, null));
        }
    }

    @Test
    void halfASurrogatePairIsNoHeaderKey() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Header("a\ud83d", null));
        assertThatIllegalArgumentException().isThrownBy(() -> new Header("\ude00a", null));
        assertThatIllegalArgumentException().isThrownBy(() -> new Header("\ud83d\ud83d\ude00", null));
        assertThat(new Header("\ud83d\ude00", null).key()).hasSize(2);
    }

    @Test
    void whatTheCallerGotWrongIsSaid() {
        assertThatIllegalArgumentException().isThrownBy(() -> new RecordBatchBuilder(60));
        RecordBatchBuilder builder = new RecordBatchBuilder(1000);
        assertThatIllegalStateException().isThrownBy(builder::build);
        assertThatIllegalArgumentException().isThrownBy(() -> builder.tryAppend(-2, null, null, List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.producer(-1, (short) 0, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.producer(0, (short) -1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.producer(0, (short) 0, -1));
        Samples.appendAll(builder, List.of(new StoredRecord(0, 1, null, null, List.of())));
        assertThat(builder.build().size()).isEqualTo(RecordBatch.HEADER_SIZE + 7);
        assertThatIllegalStateException().isThrownBy(builder::build);
        assertThatIllegalStateException().isThrownBy(() -> builder.tryAppend(1, null, null, List.of()));
    }
}
