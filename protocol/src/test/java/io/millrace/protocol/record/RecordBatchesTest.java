package io.millrace.protocol.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.CorruptRecordBatchException.Reason;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

class RecordBatchesTest {
    private static final int MARGIN = 5;

    @Test
    void noBytesAreNoBatches() {
        Iterator<RecordBatch> none = RecordBatches.iterate(Bytes.EMPTY).iterator();
        assertThat(none.hasNext()).isFalse();
        assertThatThrownBy(none::next).isInstanceOf(NoSuchElementException.class);
        assertThat(RecordBatches.assignOffsets(new byte[0], 0, 0, 7, 1)).isEqualTo(7);
    }

    @Test
    void batchesAreReadInTheMiddleOfAnArray() {
        Bytes batch = Samples.smallBatch();
        Bytes range = Bytes.wrap(threeWithMargins(), MARGIN, 3 * batch.size());

        List<RecordBatch> batches = new ArrayList<>();
        RecordBatches.iterate(range).forEach(batches::add);

        assertThat(batches).hasSize(3);
        assertThat(batches).allSatisfy(b -> assertThat(b.bytes()).isEqualTo(batch));
        assertThat(batches).extracting(RecordBatch::position).containsExactly(0, batch.size(), 2 * batch.size());
        assertThat(batches.get(1)).hasToString("batch of 3 records from offset 0 in " + batch.size() + " bytes");
    }

    @Test
    void assigningOffsetsChangesTheTwoFieldsAndNothingElse() {
        byte[] before = threeWithMargins();
        byte[] after = before.clone();
        int size = Samples.smallBatch().size();

        assertThat(RecordBatches.assignOffsets(after, MARGIN, after.length - MARGIN, 1000, 12))
                .isEqualTo(1009);

        List<Long> offsets = new ArrayList<>();
        for (RecordBatch batch : RecordBatches.iterate(Bytes.wrap(after, MARGIN, 3 * size))) {
            batch.validateRecords();
            assertThat(batch.partitionLeaderEpoch()).isEqualTo(12);
            batch.records().forEach(r -> offsets.add(r.offset()));
        }
        assertThat(offsets).containsExactly(1000L, 1001L, 1002L, 1003L, 1004L, 1005L, 1006L, 1007L, 1008L);
        for (int i = 0; i < 3; i++) {
            int start = MARGIN + i * size;
            System.arraycopy(before, start, after, start, BatchLayout.BATCH_LENGTH);
            System.arraycopy(
                    before,
                    start + BatchLayout.PARTITION_LEADER_EPOCH,
                    after,
                    start + BatchLayout.PARTITION_LEADER_EPOCH,
                    4);
        }
        assertThat(after).isEqualTo(before);
    }

    @Test
    void offsetsThatCannotBeAssignedChangeNothing() {
        byte[] batches = threeWithMargins();
        byte[] before = batches.clone();
        int end = batches.length - MARGIN;
        assertThatIllegalArgumentException().isThrownBy(() -> RecordBatches.assignOffsets(batches, MARGIN, end, -1, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RecordBatches.assignOffsets(batches, MARGIN, end, Long.MAX_VALUE - 8, 0));
        assertThatThrownBy(() -> RecordBatches.assignOffsets(batches, MARGIN, batches.length + 1, 0, 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatExceptionOfType(CorruptRecordBatchException.class)
                .isThrownBy(() -> RecordBatches.assignOffsets(batches, MARGIN, end - 1, 0, 0))
                .returns(Reason.TRUNCATED, CorruptRecordBatchException::reason)
                .returns(2 * Samples.smallBatch().size(), CorruptRecordBatchException::position);
        assertThat(batches).isEqualTo(before);
        assertThat(RecordBatches.assignOffsets(batches, MARGIN, end, Long.MAX_VALUE - 9, 0))
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void theProducersOffsetIsOverwrittenWhateverItIs() {
        byte[] batch = Samples.smallBatch().toByteArray();
        BatchLayout.putLong(batch, BatchLayout.BASE_OFFSET, Long.MIN_VALUE);
        RecordBatches.assignOffsets(batch, 0, batch.length, 0, 1);
        RecordBatch.at(Bytes.wrap(batch), 0).validateRecords();
    }

    @Test
    void aCursorTellsWhatTheDecodedRecordsDo() {
        Bytes bytes = Samples.smallBatch();
        RecordBatch batch = RecordBatch.at(bytes, 0);
        RecordCursor cursor = batch.cursor();
        int size = RecordBatch.HEADER_SIZE;
        for (StoredRecord expected : batch.records()) {
            assertThat(cursor.next()).isTrue();
            assertThat(cursor.toRecord()).isEqualTo(expected);
            assertThat(cursor.headers()).isEqualTo(expected.headers()).hasSize(cursor.headerCount());
            size += cursor.sizeInBytes();
        }
        assertThat(cursor.next()).isFalse();
        assertThat(cursor.next()).isFalse();
        assertThat(size).isEqualTo(bytes.size());
        Iterator<StoredRecord> records = batch.records().iterator();
        records.forEachRemaining(r -> {});
        assertThatThrownBy(records::next).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void validatingAllocatesNothingPerRecord() {
        RecordBatch few = batchOfRecords(10);
        RecordBatch many = batchOfRecords(10_000);
        for (int i = 0; i < 50; i++) {
            few.validateRecords();
        }
        long base = allocatedBy(few);
        assertThat(allocatedBy(many) - base).isLessThan(10_000);
    }

    private static long allocatedBy(RecordBatch batch) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        batch.validateRecords();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    private static RecordBatch batchOfRecords(int count) {
        RecordBatchBuilder builder = new RecordBatchBuilder(Samples.NO_BOUND);
        for (int i = 0; i < count; i++) {
            List<Header> headers = List.of(new Header("h", Bytes.utf8("v")));
            Samples.appendAll(builder, List.of(new StoredRecord(i, i, Bytes.utf8("k"), Bytes.utf8("v"), headers)));
        }
        return RecordBatch.at(builder.build(), 0);
    }

    private static byte[] threeWithMargins() {
        Bytes batch = Samples.smallBatch();
        byte[] array = new byte[MARGIN + 3 * batch.size() + MARGIN];
        Arrays.fill(array, (byte) 0x55);
        for (int i = 0; i < 3; i++) {
            batch.copyTo(array, MARGIN + i * batch.size());
        }
        return array;
    }
}
