package io.millrace.broker.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.partition.replica.ReplicaId;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;

class JsonLinesTest {
    private final JsonLines lines = new JsonLines(7);

    private static LoggingEvent event(String message, @Nullable Throwable thrown, Object... arguments) {
        Logger logger = (Logger) LoggerFactory.getLogger(JsonLinesTest.class);
        return new LoggingEvent(JsonLinesTest.class.getName(), logger, Level.WARN, message, thrown, arguments);
    }

    private JsonNode read(ILoggingEvent event) throws JsonProcessingException {
        String line = new String(lines.encode(event), StandardCharsets.UTF_8);
        assertThat(line).endsWith("}\n");
        assertThat(line.indexOf('\n')).isEqualTo(line.length() - 1);
        return new ObjectMapper().readTree(line);
    }

    @Test
    void aLineTellsWhoSaysWhatOfWhichPartition() throws Exception {
        LoggingEvent event = event("{} is {}", null, new ReplicaId("orders", 17, 3, 7), "LEADER");
        event.addKeyValuePair(new KeyValuePair("term", 5L));

        JsonNode line = read(event);

        assertThat(line.path("level").asText()).isEqualTo("WARN");
        assertThat(line.path("logger").asText()).isEqualTo(JsonLinesTest.class.getName());
        assertThat(line.path("broker").asInt()).isEqualTo(7);
        assertThat(line.path("partition").asText()).isEqualTo("orders-3");
        assertThat(line.path("term").isIntegralNumber()).isTrue();
        assertThat(line.path("term").asLong()).isEqualTo(5);
        assertThat(line.path("message").asText()).contains("orders").endsWith("is LEADER");
        assertThat(java.time.Instant.parse(line.path("time").asText())).isNotNull();
        assertThat(line.has("error")).isFalse();
    }

    @Test
    void whateverIsInAMessageIsOneLineThatParses() throws Exception {
        JsonNode line = read(event("\"quoted\"\n\u0007 \ud83d\ude00 {}", new IllegalStateException("a\nb"), "\\"));

        assertThat(line.path("message").asText()).isEqualTo("\"quoted\"\n\u0007 \ud83d\ude00 \\");
        assertThat(line.path("error").asText()).contains("IllegalStateException: a\nb", "\tat ");
        assertThat(line.has("partition")).isFalse();
    }
}
