package io.millrace.protocol.record;

import io.millrace.protocol.Bytes;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Records for tests, and batches of them. */
final class Samples {
    static final int NO_BOUND = Integer.MAX_VALUE - 8;

    private Samples() {}

    /** One batch's records, at the offsets that they have there: 0, 1, 2 … */
    static Arbitrary<List<StoredRecord>> recordLists(int countMax) {
        return records().list().ofMinSize(1).ofMaxSize(countMax).map(Samples::numbered);
    }

    static List<StoredRecord> numbered(List<StoredRecord> records) {
        List<StoredRecord> numbered = new ArrayList<>();
        for (StoredRecord r : records) {
            numbered.add(new StoredRecord(numbered.size(), r.timestampMillis(), r.key(), r.value(), r.headers()));
        }
        return numbered;
    }

    /** Times in any order, so that deltas are negative too, near each other and as far apart as can be. */
    private static Arbitrary<StoredRecord> records() {
        Arbitrary<Long> timestamps = Arbitraries.frequencyOf(
                Tuple.of(8, Arbitraries.longs().between(1_760_000_000_000L, 1_760_000_100_000L)),
                Tuple.of(1, Arbitraries.longs().greaterOrEqual(0)),
                Tuple.of(1, Arbitraries.just(RecordBatch.NO_TIMESTAMP)));
        return Combinators.combine(
                        timestamps, bytes(30), bytes(300), headers().list().ofMaxSize(3))
                .as((timestamp, key, value, headers) -> new StoredRecord(0, timestamp, key, value, headers));
    }

    private static Arbitrary<Header> headers() {
        return Combinators.combine(text(), bytes(20)).as(Header::new);
    }

    private static Arbitrary<Bytes> bytes(int sizeMax) {
        return Arbitraries.bytes()
                .array(byte[].class)
                .ofMaxSize(sizeMax)
                .map(Bytes::wrap)
                .injectNull(0.15);
    }

    /** Of one to four bytes of UTF-8 a character, often none at all. */
    private static Arbitrary<String> text() {
        return Arbitraries.oneOf(
                        Arbitraries.integers().between('a', 'z'),
                        Arbitraries.integers().between(0, Character.MAX_CODE_POINT))
                .filter(codePoint -> codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE)
                .array(int[].class)
                .ofMaxSize(12)
                .map(codePoints -> new String(codePoints, 0, codePoints.length));
    }

    static Bytes batchOf(List<StoredRecord> records) {
        RecordBatchBuilder builder = new RecordBatchBuilder(NO_BOUND);
        appendAll(builder, records);
        return builder.build();
    }

    static void appendAll(RecordBatchBuilder builder, List<StoredRecord> records) {
        for (StoredRecord r : records) {
            if (!builder.tryAppend(r.timestampMillis(), r.key(), r.value(), r.headers())) {
                throw new AssertionError("no room for " + r);
            }
        }
    }

    /** A batch with everything in it that a batch can have: nulls, empties, headers, times that go back. */
    static Bytes smallBatch() {
        RecordBatchBuilder builder = new RecordBatchBuilder(NO_BOUND).producer(77, (short) 3, 1000);
        appendAll(
                builder,
                List.of(
                        new StoredRecord(0, 1_760_000_000_000L, Bytes.utf8("key"), Bytes.utf8("value"), List.of()),
                        new StoredRecord(1, 1_759_999_000_000L, null, Bytes.EMPTY, List.of(new Header("ü", null))),
                        new StoredRecord(
                                2,
                                1_760_000_000_007L,
                                Bytes.EMPTY,
                                null,
                                List.of(new Header("", Bytes.EMPTY), new Header("h", Bytes.utf8("v"))))));
        return builder.build();
    }

    /** The records as ours reads them. */
    static List<StoredRecord> decode(Bytes batch) {
        List<StoredRecord> records = new ArrayList<>();
        RecordBatch.at(batch, 0).records().forEach(records::add);
        return records;
    }

    /** Makes the checksum right for whatever the bytes now say, so that a test gets past it. */
    static byte[] sealed(byte[] batch) {
        BatchLayout.putInt(batch, BatchLayout.CRC, BatchLayout.crcOf(batch, 0, batch.length));
        return batch;
    }
}
