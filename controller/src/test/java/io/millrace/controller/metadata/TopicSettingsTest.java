package io.millrace.controller.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.protocol.FlushPolicy;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.CompressionTypes;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TopicSettingsTest {
    @Test
    void whatIsNotSetIsAsItAlwaysWas() {
        assertThat(TopicSettings.DEFAULT.flush()).isEqualTo(FlushPolicy.COMMIT);
        assertThat(TopicSettings.DEFAULT.toMap()).isEqualTo(Map.of("flush.policy", "commit"));
    }

    @Test
    void recordsCanBeForcedLater() {
        assertThat(TopicSettings.of(Map.of("flush.policy", "os")).flush()).isEqualTo(FlushPolicy.OS);
        assertThat(TopicSettings.of(Map.of("flush.policy", "interval")).toMap())
                .isEqualTo(Map.of("flush.policy", "interval", "flush.interval.ms", "1000"));
        assertThat(TopicSettings.of(Map.of("flush.policy", "interval", "flush.interval.ms", "1"))
                        .flush())
                .isEqualTo(FlushPolicy.every(1));
    }

    @Test
    void recordsCanBeKeptForAWhile() {
        assertThat(TopicSettings.DEFAULT.retentionMillis()).isEmpty();
        assertThat(TopicSettings.DEFAULT.retentionBytes()).isEmpty();
        TopicSettings given = TopicSettings.of(Map.of("retention.ms", "60000", "retention.bytes", "unlimited"));
        assertThat(given.retentionMillis()).hasValue(60_000);
        assertThat(given.retentionBytes()).hasValue(TopicSettings.NO_LIMIT);
        assertThat(given.toMap()).containsEntry("retention.ms", "60000").containsEntry("retention.bytes", "unlimited");
    }

    @Test
    void recordsCanBeComparedByContent() {
        assertThat(TopicSettings.DEFAULT.deduplication()).isEmpty();
        assertThat(TopicSettings.of(Map.of("deduplication.window.ms", "60000")).toMap())
                .containsEntry("deduplication.window.ms", "60000")
                .containsEntry("deduplication.window.records", "100000");
        assertThat(TopicSettings.of(Map.of("deduplication.window.records", "7")).deduplication())
                .contains(new TopicSettings.Deduplication(120_000, 7));
    }

    @Test
    void messagesCanBeKeptSmall() {
        assertThat(TopicSettings.DEFAULT.messageBytesMax()).isEmpty();
        assertThat(TopicSettings.of(Map.of("max.message.bytes", "1000")).toMap())
                .containsEntry("max.message.bytes", "1000");
    }

    @Test
    void aChangeLeavesTheRestAsItWas() {
        Map<String, String> before = Map.of("retention.ms", "5", "flush.policy", "interval", "flush.interval.ms", "7");

        assertThat(TopicSettings.altered(before, Map.of("retention.ms", "6", "flush.interval.ms", "8"), List.of()))
                .isEqualTo(Map.of("retention.ms", "6", "flush.policy", "interval", "flush.interval.ms", "8"));
        assertThat(TopicSettings.altered(before, Map.of(), List.of("retention.ms", "retention.bytes")))
                .isEqualTo(Map.of("flush.policy", "interval", "flush.interval.ms", "7"));
    }

    @Test
    void theIntervalGoesWithItsPolicy() {
        Map<String, String> before = Map.of("flush.policy", "interval", "flush.interval.ms", "7");

        assertThat(TopicSettings.altered(before, Map.of("flush.policy", "os"), List.of()))
                .isEqualTo(Map.of("flush.policy", "os"));
        assertThat(TopicSettings.altered(before, Map.of(), List.of("flush.policy")))
                .isEmpty();
    }

    @Test
    void aChangeThatMakesNoSenseIsRefused() {
        assertThatThrownBy(() -> TopicSettings.altered(Map.of(), Map.of(), List.of("retention")))
                .hasMessageContaining("there is no setting retention of a topic; known are flush.policy");
        assertThatThrownBy(() -> TopicSettings.altered(Map.of(), Map.of("retention.ms", "5"), List.of("retention.ms")))
                .hasMessageContaining("both set and reset");
        assertThatThrownBy(() -> TopicSettings.altered(Map.of(), Map.of("flush.interval.ms", "5"), List.of()))
                .hasMessageContaining("with flush.policy interval only");
    }

    @Test
    void compressionsCanBeRequiredOrForbidden() {
        assertThat(TopicSettings.of(Map.of("compression.types", "zstd, lz4")).toMap())
                .containsEntry("compression.types", "lz4,zstd");
        assertThat(TopicSettings.of(Map.of("compression.types", "none"))
                        .compression()
                        .allowed())
                .containsExactly(Compression.NONE);
        assertThat(TopicSettings.DEFAULT.compression()).isEqualTo(CompressionTypes.ANY);
    }

    @Test
    void soManyReplicasCanBeAskedForAsThereAre() {
        TopicSettings two = TopicSettings.of(Map.of("min.insync.replicas", "2"));
        assertThat(two.minInSyncReplicas()).isEqualTo(2);
        assertThat(two.toMap()).containsEntry("min.insync.replicas", "2");
        assertThat(two.problemWith(2)).isEmpty();
        assertThat(two.problemWith(1)).contains("min.insync.replicas is 2, more than there are replicas: 1");
        assertThat(TopicSettings.DEFAULT.problemWith(1)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "flush.policy=never               | flush.policy is commit, interval or os, not never",
                "flush.policy=COMMIT              | not COMMIT",
                "flush.interval.ms=10             | means something with flush.policy interval only, not with commit",
                "flush.policy=os flush.interval.ms=10        | not with os",
                "flush.policy=interval flush.interval.ms=0   | a number from 1 to 3600000, not 0",
                "flush.policy=interval flush.interval.ms=-5  | not -5",
                "flush.policy=interval flush.interval.ms=1s  | not 1s",
                "flush.policy=interval flush.interval.ms=3600001 | not 3600001",
                "flush.policy=interval flush.interval.ms=99999999999999999999 | not 99999999999999999999",
                "retention.ms=0                   | retention.ms is a number from 1 to 9007199254740992, not 0",
                "retention.bytes=1G               | not 1G",
                "deduplication.window.records=1000001 | deduplication.window.records is a number from 1 to 1000000, not 1000001",
                "compression.types=lz5            | is some of none,gzip,snappy,lz4,zstd, separated by commas, not lz5",
                "compression.types=lz4,           | not lz4,",
                "min.insync.replicas=0            | min.insync.replicas is a number from 1 to 100, not 0",
                "retention=5                      | there is no setting retention of a topic; known are flush.policy"
            })
    void whatMakesNoSenseIsRefusedWithAReason(String settings, String reason) {
        assertThatThrownBy(() -> TopicSettings.of(parsed(settings)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(reason);
    }

    private static Map<String, String> parsed(String settings) {
        return Arrays.stream(settings.split(" "))
                .map(setting -> setting.split("="))
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
    }
}
