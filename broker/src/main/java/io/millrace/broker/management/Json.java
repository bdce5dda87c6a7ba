package io.millrace.broker.management;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.millrace.broker.Failure;

/** Answers in JSON, indented: people read them with curl. */
final class Json {
    private static final ObjectMapper MAPPER = new ObjectMapper()
            .registerModule(new Jdk8Module())
            .registerModule(new JavaTimeModule())
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(SerializationFeature.INDENT_OUTPUT);

    private Json() {}

    static HttpResponse ok(Object content) {
        return of(200, content);
    }

    static HttpResponse of(int status, Object content) {
        try {
            return HttpResponse.create()
                    .withStatus(StatusCodes.get(status))
                    .withEntity(ContentTypes.APPLICATION_JSON, MAPPER.writeValueAsBytes(content));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e); // Records of plain values: a fault of ours.
        }
    }

    /** @throws io.millrace.broker.FailureException if it is not what this type has, in JSON */
    static <T> T read(String body, Class<T> type) {
        try {
            T read = MAPPER.readValue(body, type);
            if (read != null) {
                return read;
            }
        } catch (JsonProcessingException e) {
            throw new Failure.InvalidRequest("body", e.getOriginalMessage()).asException();
        }
        throw new Failure.InvalidRequest("body", "is null").asException();
    }
}
