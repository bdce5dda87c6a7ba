package io.millrace.broker.management;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import io.millrace.broker.config.ConfiguredValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** The process itself: what it was told, what it logs, what its threads do; and what all of this is called. */
final class Operations {
    private static final ContentType YAML = ContentTypes.parse("application/yaml; charset=utf-8");
    private static final ContentType TEXT = ContentTypes.TEXT_PLAIN_UTF8;

    private Operations() {}

    private record Configuration(int brokerId, List<ConfiguredValue> settings) {}

    static List<Endpoint> endpoints(ManagementBackend.Parts parts) {
        return List.of(
                Endpoint.page(
                        "/api/v1/configuration",
                        () -> new Configuration(
                                parts.brokerId(),
                                ConfiguredValue.allOf(parts.settings().get().akka()))),
                Endpoint.page("/api/v1/loggers", Loggers::page),
                Endpoint.post(
                        "/api/v1/loggers",
                        asked -> CompletableFuture.completedFuture(
                                Json.ok(Loggers.change(Json.read(asked.body(), Loggers.Change.class))))),
                Endpoint.get("/api/v1/threads", asked -> text(TEXT, ThreadDump.take())),
                Endpoint.get("/api/v1/openapi.yaml", asked -> text(YAML, openApi())));
    }

    private static CompletableFuture<HttpResponse> text(ContentType type, String text) {
        return CompletableFuture.completedFuture(
                HttpResponse.create().withEntity(type, text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String openApi() {
        try (InputStream in = Objects.requireNonNull(Operations.class.getResourceAsStream("openapi.yaml"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
