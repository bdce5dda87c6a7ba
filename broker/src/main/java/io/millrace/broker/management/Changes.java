package io.millrace.broker.management;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import io.millrace.broker.grpc.JsonActions;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What changes the cluster: the administrative calls of the gRPC API, each under its name in {@link JsonActions}. */
final class Changes {
    private Changes() {}

    static List<Endpoint> endpoints(ManagementBackend.Parts parts) {
        JsonActions actions = parts.actions();
        return actions.names().stream()
                .map(name -> Endpoint.post("/api/v1/actions/" + name, asked -> actions.perform(name, asked.body())
                        .thenApply(Changes::ok)))
                .toList();
    }

    private static HttpResponse ok(String json) {
        return HttpResponse.create().withEntity(ContentTypes.APPLICATION_JSON, json.getBytes(StandardCharsets.UTF_8));
    }
}
