package io.millrace.broker.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import akka.grpc.javadsl.Metadata;
import akka.grpc.javadsl.MetadataBuilder;
import io.millrace.broker.config.SettingsLoader;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeadlinesTest {
    private final Deadlines deadlines = new Deadlines(
            SettingsLoader.load(Optional.empty(), Map.of(), Map.of()).frontDoor());

    @ParameterizedTest
    @CsvSource({"1H,3600000", "2M,120000", "3S,3000", "4m,4", "5000u,5", "6000000n,6", "99999999H,359999996400000"})
    void theUnitsOfTheProtocolAreUnderstood(String text, long millis) {
        assertThat(Deadlines.parseMillis(text)).contains(millis);
    }

    @ParameterizedTest
    @CsvSource({"5", "S", "5s", "-5S", "123456789S", "5 S"})
    void anythingElseCountsAsNone(String text) {
        assertThat(Deadlines.parseMillis(text)).isEmpty();
    }

    @Test
    void theAnswerComesALittleBeforeTheClientGivesUp() {
        assertThat(deadlines.timeoutMillis(call("1000m"))).isEqualTo(900);
        assertThat(deadlines.timeoutMillis(call("30S"))).isEqualTo(29_800);
    }

    @Test
    void aCallWithoutADeadlineHasTheUsualOneAndNoneHasMoreThanTheMost() {
        Metadata none = new MetadataBuilder().build();

        assertThat(deadlines.timeoutMillis(none)).isEqualTo(10_000);
        assertThat(deadlines.timeoutMillis(none, 5_000L)).isEqualTo(15_000);
        assertThat(deadlines.timeoutMillis(none, Duration.ofSeconds(30))).isEqualTo(30_000);
        assertThat(deadlines.timeoutMillis(call("10H"))).isEqualTo(120_000);
    }

    private static Metadata call(String timeout) {
        return new MetadataBuilder().addText("grpc-timeout", timeout).build();
    }
}
