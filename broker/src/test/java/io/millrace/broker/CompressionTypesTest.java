package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.FetchRequest;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Topics that require compression, or forbid it. */
class CompressionTypesTest extends WithOneBroker {
    private static final String REPETITIVE = "x".repeat(1_000);

    @ParameterizedTest
    @EnumSource(Compression.class)
    void aTopicTakesWhatItsSettingNamesAndNothingElse(Compression compression) {
        String topic = newTopicWith(Map.of("compression.types", "lz4,zstd"));
        ProduceRequest request = batches(topic, batch(compression, REPETITIVE));

        if (compression == Compression.LZ4 || compression == Compression.ZSTD) {
            assertThat(messages.produce(request).getRecordCount()).isEqualTo(1);
            assertThat(compressionsIn(topic)).containsExactly(compression);
        } else {
            Told told = failure(() -> messages.produce(request));
            assertThat(told.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
            assertThat(told.reason()).isEqualTo(ErrorReason.COMPRESSION_NOT_ALLOWED);
            assertThat(told.data())
                    .containsEntry("compression", compression.name().toLowerCase(Locale.ROOT))
                    .containsEntry("allowed", "lz4,zstd");
            assertThat(compressionsIn(topic)).isEmpty();
        }
    }

    @Test
    void aPartialRequestTellsWhichBatchesAreNotAllowed() {
        String topic = newTopicWith(Map.of("compression.types", "none"));
        ProduceResponse response =
                messages.produce(batches(topic, concat(batch("a"), batch(Compression.GZIP, REPETITIVE))).toBuilder()
                        .setMode(ProduceRequest.Mode.PARTIAL)
                        .build());

        assertThat(response.getRecordCount()).isEqualTo(1);
        assertThat(response.getResults(0).hasWritten()).isTrue();
        assertThat(response.getResults(1).getError().getReason()).isEqualTo(ErrorReason.COMPRESSION_NOT_ALLOWED);
    }

    @Test
    void plainRecordsAreEncodedAsTheTopicHasIt() {
        String topic = newTopicWith(Map.of("compression.types", "gzip"));
        messages.produce(records(topic, 0, value(REPETITIVE)));
        // Compression makes this one larger, and is required all the same.
        messages.produce(records(topic, 0, value("1")));

        assertThat(compressionsIn(topic)).containsExactly(Compression.GZIP, Compression.GZIP);
        assertThat(messages.fetch(fetch(topic, 0, 0).build()).getRecordsList())
                .extracting(record -> record.getValue().toStringUtf8())
                .containsExactly(REPETITIVE, "1");
    }

    private static List<Compression> compressionsIn(String topic) {
        List<Compression> found = new ArrayList<>();
        ByteString batches = messages.fetch(fetch(topic, 0, 0)
                        .setFormat(FetchRequest.Format.RECORD_BATCHES)
                        .build())
                .getRecordBatches();
        for (RecordBatch batch : RecordBatches.iterate(Bytes.wrap(batches.toByteArray()))) {
            found.add(batch.compression());
        }
        return found;
    }
}
