package io.millrace.broker.management;

import akka.actor.ExtendedActorSystem;
import akka.http.javadsl.model.HttpMethod;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.MediaTypes;
import akka.http.javadsl.model.headers.Allow;
import akka.http.javadsl.model.headers.Connection;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.Route;
import akka.http.scaladsl.model.EntityStreamException;
import akka.management.javadsl.ManagementRouteProvider;
import akka.management.javadsl.ManagementRouteProviderSettings;
import akka.stream.Materializer;
import akka.stream.SystemMaterializer;
import io.millrace.broker.FailureException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/**
 * Finds the {@link Endpoint} that was asked for. What there is stands in {@link Probes}, {@link Pages}, {@link Operations} and
 * {@link Changes}. Akka Management makes this class, by the name in {@code reference.conf}.
 */
public final class ManagementRoutes extends AllDirectives implements ManagementRouteProvider {
    private static final int BODY_BYTES_MAX = 1 << 20;
    private static final long BODY_MILLIS_MAX = 10_000;

    private final List<Endpoint> endpoints;
    private final boolean allowsChanges;
    private final Materializer materializer;

    public ManagementRoutes(ExtendedActorSystem system) {
        ManagementBackend.Parts parts = system.settings()
                .setup()
                .get(ManagementBackend.class)
                .orElseThrow(() -> new IllegalStateException("the actor system is not a broker's"))
                .parts();
        this.endpoints = endpoints(parts);
        this.allowsChanges = parts.settings().get().http().allowsChanges();
        this.materializer = SystemMaterializer.get(system).materializer();
    }

    static List<Endpoint> endpoints(ManagementBackend.Parts parts) {
        return Stream.of(
                        Probes.endpoints(parts),
                        Pages.endpoints(parts),
                        Operations.endpoints(parts),
                        Changes.endpoints(parts))
                .flatMap(List::stream)
                .toList();
    }

    @Override
    public Route routes(ManagementRouteProviderSettings settings) {
        return extractRequest(request -> {
            List<String> segments = new ArrayList<>();
            request.getUri().pathSegments().forEach(segments::add);
            boolean isAkkas =
                    !segments.isEmpty() && Set.of("cluster", "bootstrap").contains(segments.get(0));
            return isAkkas
                    ? reject() // it answers after us
                    : completeWithFuture(answer(request, segments).exceptionally(ManagementRoutes::failed));
        });
    }

    private CompletionStage<HttpResponse> answer(HttpRequest request, List<String> segments) {
        Set<HttpMethod> others = new LinkedHashSet<>();
        for (Endpoint endpoint : endpoints) {
            Optional<List<String>> parameters = endpoint.match(segments);
            if (parameters.isPresent() && endpoint.method().equals(request.method())) {
                if (!endpoint.method().equals(HttpMethods.POST)) {
                    request.discardEntityBytes(materializer);
                }
                return answer(endpoint, parameters.get(), request);
            }
            parameters.ifPresent(found -> others.add(endpoint.method()));
        }
        // Were a body left unread, the connection would end after the answer, and with it the client's next request.
        request.discardEntityBytes(materializer);
        return CompletableFuture.completedFuture(
                others.isEmpty() ? Errors.of(404, "NOT_FOUND", "there is no such page") : wrongMethod(others));
    }

    private CompletionStage<HttpResponse> answer(Endpoint endpoint, List<String> parameters, HttpRequest request) {
        try {
            if (endpoint.method().equals(HttpMethods.GET)) {
                return endpoint.handler().answer(new Endpoint.Asked(parameters, ""));
            }
            return request.entity()
                    .toStrict(BODY_MILLIS_MAX, BODY_BYTES_MAX, materializer)
                    .thenCompose(body -> {
                        checkMayChange(request, allowsChanges);
                        return endpoint.handler()
                                .answer(new Endpoint.Asked(
                                        parameters, body.getData().utf8String()));
                    });
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /**
     * Nobody has to say who he is, here as at the client port, so that a web page must not get its visitor's browser to change
     * anything: it can send JSON elsewhere only after a question that is not answered here, and a browser says that it is one.
     */
    static void checkMayChange(HttpRequest request, boolean allowsChanges) {
        if (!allowsChanges) {
            throw new Errors.Refused(403, "CHANGES_NOT_ALLOWED", "millrace.http.allow-changes is off on this broker");
        }
        if (request.getHeader("Origin").isPresent()) {
            throw new Errors.Refused(403, "CHANGES_NOT_ALLOWED", "changes are not taken from web pages");
        }
        if (!request.entity().getContentType().mediaType().equals(MediaTypes.APPLICATION_JSON)) {
            throw new Errors.Refused(
                    415, "UNSUPPORTED_MEDIA_TYPE", "the body is JSON, and says so: Content-Type: application/json");
        }
    }

    private static HttpResponse wrongMethod(Set<HttpMethod> right) {
        List<HttpMethod> allowed = new ArrayList<>(right);
        if (right.contains(HttpMethods.GET)) {
            allowed.add(HttpMethods.HEAD);
        }
        return Errors.of(
                        405,
                        "METHOD_NOT_ALLOWED",
                        "this can be asked with "
                                + String.join(
                                        ", ",
                                        right.stream().map(HttpMethod::name).toList())
                                + " only")
                .addHeader(Allow.create(allowed.toArray(HttpMethod[]::new)));
    }

    private static HttpResponse failed(Throwable thrown) {
        Throwable cause = FailureException.unwrap(thrown);
        return cause instanceof EntityStreamException // of a body that breaks off as well, but then nobody listens
                ? Errors.of(413, "BODY_TOO_LARGE", "a body has " + BODY_BYTES_MAX + " bytes at most")
                        .addHeader(Connection.create("close"))
                : Errors.of(cause);
    }
}
