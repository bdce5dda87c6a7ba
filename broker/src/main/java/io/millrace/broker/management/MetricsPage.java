package io.millrace.broker.management;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import io.millrace.broker.metrics.BrokerMetrics;
import java.nio.charset.StandardCharsets;

/** {@code /metrics}, for Prometheus. */
final class MetricsPage {
    private static final ContentType TEXT = ContentTypes.parse("text/plain; version=0.0.4; charset=utf-8");

    private MetricsPage() {}

    static HttpResponse of(BrokerMetrics metrics) {
        return HttpResponse.create().withEntity(TEXT, metrics.scrape().getBytes(StandardCharsets.UTF_8));
    }
}
