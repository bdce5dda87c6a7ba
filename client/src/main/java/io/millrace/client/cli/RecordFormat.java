package io.millrace.client.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.Header;
import io.millrace.protocol.record.StoredRecord;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How {@code consume} prints a record. */
@FunctionalInterface
interface RecordFormat {
    /** Writes the record with what ends it. */
    void write(OutputStream out, String topic, int partition, StoredRecord record) throws IOException;

    /**
     * One of the named formats, or a template with kcat's directives.
     *
     * @throws CliException if it is neither
     */
    static RecordFormat parse(String text) {
        return switch (text) {
            case "value" -> template("%v\\n");
            case "key-value" -> template("%k\\t%v\\n");
            case "json" ->
                (out, topic, partition, record) ->
                        out.write(Json.line(json -> writeJson(json, topic, partition, record))
                                .getBytes(StandardCharsets.UTF_8));
            default -> {
                if (text.indexOf('%') < 0) {
                    throw new CliException(
                            "--format is value, key-value, json or a template like '%k=%v\\n', not '" + text + "'");
                }
                yield template(text);
            }
        };
    }

    private static RecordFormat template(String text) {
        List<RecordFormat> parts = new ArrayList<>();
        StringBuilder literal = new StringBuilder();
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i++);
            if (c != '%') {
                literal.append(c);
                continue;
            }
            char directive = i < text.length() ? text.charAt(i) : ' ';
            i++;
            if (directive == '%') {
                literal.append('%');
            } else {
                addLiteral(parts, literal);
                parts.add(directive(directive));
            }
        }
        addLiteral(parts, literal);
        RecordFormat[] all = parts.toArray(RecordFormat[]::new);
        return (out, topic, partition, record) -> {
            for (RecordFormat part : all) {
                part.write(out, topic, partition, record);
            }
        };
    }

    private static void addLiteral(List<RecordFormat> parts, StringBuilder literal) {
        if (!literal.isEmpty()) {
            byte[] bytes = Escapes.unescape(literal.toString());
            parts.add((out, topic, partition, record) -> out.write(bytes));
            literal.setLength(0);
        }
    }

    private static RecordFormat directive(char directive) {
        return switch (directive) {
            case 'v', 's' -> (out, topic, partition, record) -> write(out, record.value());
            case 'k' -> (out, topic, partition, record) -> write(out, record.key());
            case 'o' -> (out, topic, partition, record) -> write(out, record.offset());
            case 'p' -> (out, topic, partition, record) -> write(out, partition);
            case 't' -> (out, topic, partition, record) -> write(out, topic);
            case 'T' -> (out, topic, partition, record) -> write(out, record.timestampMillis());
            case 'S' -> (out, topic, partition, record) -> write(out, sizeOf(record.value()));
            case 'K' -> (out, topic, partition, record) -> write(out, sizeOf(record.key()));
            case 'h' -> (out, topic, partition, record) -> writeHeaders(out, record.headers());
            default ->
                throw new CliException(
                        "--format: %" + directive + " means nothing; there are %v %k %o %p %t %T %h %S %K and %%");
        };
    }

    private static void write(OutputStream out, @Nullable Bytes bytes) throws IOException {
        if (bytes != null) {
            out.write(bytes.unsafeArray(), bytes.unsafeOffset(), bytes.size());
        }
    }

    private static void write(OutputStream out, long number) throws IOException {
        write(out, Long.toString(number));
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** As kcat: -1 for null. */
    private static int sizeOf(@Nullable Bytes bytes) {
        return bytes == null ? -1 : bytes.size();
    }

    private static void writeHeaders(OutputStream out, List<Header> headers) throws IOException {
        boolean first = true;
        for (Header header : headers) {
            write(out, (first ? "" : ",") + header.key() + "=");
            write(out, header.value());
            first = false;
        }
    }

    private static void writeJson(JsonGenerator json, String topic, int partition, StoredRecord record)
            throws IOException {
        json.writeStartObject();
        json.writeStringField("topic", topic);
        json.writeNumberField("partition", partition);
        json.writeNumberField("offset", record.offset());
        json.writeNumberField("timestamp", record.timestampMillis());
        writeJson(json, "key", record.key());
        writeJson(json, "value", record.value());
        if (!record.headers().isEmpty()) {
            json.writeArrayFieldStart("headers");
            for (Header header : record.headers()) {
                json.writeStartObject();
                json.writeStringField("key", header.key());
                writeJson(json, "value", header.value());
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    /** As text where it is UTF-8, and otherwise under another name, so that nobody takes one for the other. */
    private static void writeJson(JsonGenerator json, String name, @Nullable Bytes bytes) throws IOException {
        if (bytes == null) {
            json.writeNullField(name);
            return;
        }
        ByteBuffer buffer = bytes.asByteBuffer();
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(buffer).toString();
        } catch (CharacterCodingException e) {
            json.writeStringField(name + "_base64", Base64.getEncoder().encodeToString(bytes.toByteArray()));
            return;
        }
        json.writeStringField(name, text);
    }
}
