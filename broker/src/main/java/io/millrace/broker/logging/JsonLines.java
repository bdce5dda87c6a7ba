package io.millrace.broker.logging;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.millrace.partition.replica.ReplicaId;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.event.KeyValuePair;

/**
 * One JSON object a line: time, level, logger, thread, broker, message, and where they are known partition, term and error.
 *
 * <p>The partition is that of the first argument of the message that is a replica, so that nobody who logs has to say it twice. Other
 * fields are the key-value pairs that were given with the message.
 */
final class JsonLines extends EncoderBase<ILoggingEvent> {
    private static final JsonFactory JSON = new JsonFactory();
    private static final byte[] NOTHING = {};

    private final int brokerId;

    JsonLines(int brokerId) {
        this.brokerId = brokerId;
    }

    @Override
    public byte[] headerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] footerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator out = JSON.createGenerator(bytes)) {
            write(event, out);
        } catch (IOException e) {
            throw new UncheckedIOException("memory cannot fail", e);
        }
        bytes.write('\n');
        return bytes.toByteArray();
    }

    private void write(ILoggingEvent event, JsonGenerator out) throws IOException {
        out.writeStartObject();
        out.writeStringField("time", event.getInstant().toString());
        out.writeStringField("level", event.getLevel().toString());
        out.writeStringField("logger", event.getLoggerName());
        out.writeStringField("thread", event.getThreadName());
        out.writeNumberField("broker", brokerId);
        for (Map.Entry<String, Object> field : fields(event).entrySet()) {
            out.writeFieldName(field.getKey());
            if (field.getValue() instanceof Long || field.getValue() instanceof Integer) {
                out.writeNumber(((Number) field.getValue()).longValue());
            } else {
                out.writeString(String.valueOf(field.getValue()));
            }
        }
        out.writeStringField("message", event.getFormattedMessage());
        if (event.getThrowableProxy() != null) {
            out.writeStringField("error", ThrowableProxyUtil.asString(event.getThrowableProxy()));
        }
        out.writeEndObject();
    }

    private static Map<String, Object> fields(ILoggingEvent event) {
        Map<String, Object> fields = new TreeMap<>();
        replicaIn(event.getArgumentArray()).ifPresent(id -> {
            fields.put("partition", id.topic() + "-" + id.partition());
            fields.put("topic", id.topic());
        });
        if (event.getKeyValuePairs() != null) {
            for (KeyValuePair pair : event.getKeyValuePairs()) {
                fields.put(pair.key, pair.value == null ? "null" : pair.value);
            }
        }
        return fields;
    }

    private static Optional<ReplicaId> replicaIn(Object @org.jspecify.annotations.Nullable [] arguments) {
        if (arguments != null) {
            for (Object argument : arguments) {
                if (argument instanceof ReplicaId id) {
                    return Optional.of(id);
                }
            }
        }
        return Optional.empty();
    }
}
