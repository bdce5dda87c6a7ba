package io.millrace.broker.management;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import io.millrace.broker.Readiness;
import io.millrace.broker.health.HealthReport;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** For orchestrators and monitors: what they ask again and again, and look at the status code of. */
final class Probes {
    private static final ContentType PROMETHEUS = ContentTypes.parse("text/plain; version=0.0.4; charset=utf-8");

    private Probes() {}

    private record Alive(String status) {}

    private record Ready(String status, List<String> missing) {}

    static List<Endpoint> endpoints(ManagementBackend.Parts parts) {
        return List.of(
                Endpoint.page("/alive", () -> new Alive("UP")),
                Endpoint.get("/ready", asked -> CompletableFuture.completedFuture(ready(parts.readiness()))),
                Endpoint.get("/metrics", asked -> CompletableFuture.completedFuture(metrics(parts))),
                Endpoint.get("/api/v1/health", asked -> parts.health()
                        .now()
                        .thenApply(report ->
                                Json.of(report.status() == HealthReport.Status.CRITICAL ? 503 : 200, report))));
    }

    private static HttpResponse ready(Readiness readiness) {
        List<String> missing =
                readiness.missing().stream().map(Readiness.Condition::missing).toList();
        return missing.isEmpty() ? Json.ok(new Ready("READY", missing)) : Json.of(503, new Ready("NOT_READY", missing));
    }

    private static HttpResponse metrics(ManagementBackend.Parts parts) {
        return HttpResponse.create()
                .withEntity(PROMETHEUS, parts.metrics().scrape().getBytes(StandardCharsets.UTF_8));
    }
}
