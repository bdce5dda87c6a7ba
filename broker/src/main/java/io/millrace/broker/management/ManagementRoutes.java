package io.millrace.broker.management;

import static akka.http.javadsl.server.PathMatchers.integerSegment;
import static akka.http.javadsl.server.PathMatchers.segment;

import akka.actor.ExtendedActorSystem;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.StatusCodes;
import akka.http.javadsl.model.headers.Allow;
import akka.http.javadsl.server.AllDirectives;
import akka.http.javadsl.server.MethodRejection;
import akka.http.javadsl.server.RejectionHandler;
import akka.http.javadsl.server.Route;
import akka.management.javadsl.ManagementRouteProvider;
import akka.management.javadsl.ManagementRouteProviderSettings;
import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import io.millrace.broker.Readiness;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Paths to answers. Akka Management makes it, by the name in {@code reference.conf}. */
public final class ManagementRoutes extends AllDirectives implements ManagementRouteProvider {
    private static final Logger LOG = LoggerFactory.getLogger(ManagementRoutes.class);

    private final ManagementBackend.Parts parts;
    private final Pages pages;

    public ManagementRoutes(ExtendedActorSystem system) {
        this(system.settings()
                .setup()
                .get(ManagementBackend.class)
                .orElseThrow(() -> new IllegalStateException("the actor system is not a broker's"))
                .parts());
    }

    ManagementRoutes(ManagementBackend.Parts parts) {
        this.parts = parts;
        this.pages = new Pages(parts);
    }

    @Override
    public Route routes(ManagementRouteProviderSettings settings) {
        return routes();
    }

    Route routes() {
        Route pagesOfOurs = concat(
                path("ready", () -> get(() -> complete(ready()))),
                path("metrics", () -> get(() -> complete(MetricsPage.of(parts.metrics())))),
                path("alive", () -> get(() -> complete(Json.ok(new Alive("UP"))))),
                pathPrefix(
                        segment("api").slash("v1"),
                        () -> concat(
                                path("brokers", () -> page(pages::brokers)),
                                path("disk", () -> page(pages::disk)),
                                path("controller", () -> get(() -> later(pages.controller()))),
                                path("groups", () -> get(() -> later(pages.groups()))),
                                path(segment("groups").slash(segment()), group -> get(() -> later(pages.group(group)))),
                                path("topics", () -> page(pages::topics)),
                                path(segment("topics").slash(segment()), topic -> page(() -> pages.topic(topic))),
                                path(
                                        segment("topics")
                                                .slash(segment())
                                                .slash("partitions")
                                                .slash(integerSegment()),
                                        (topic, partition) -> get(() -> later(pages.partition(topic, partition)))))));
        return handleRejections(
                RejectionHandler.newBuilder()
                        .handleAll(MethodRejection.class, refused -> complete(wrongMethod()))
                        // These are Akka's; it answers after us.
                        .handleNotFound(extractUnmatchedPath(
                                path -> path.startsWith("/cluster") || path.startsWith("/bootstrap")
                                        ? reject()
                                        : complete(Json.error(404, "NOT_FOUND", "there is no such page"))))
                        .build(),
                () -> pagesOfOurs);
    }

    private static HttpResponse wrongMethod() {
        return Json.error(405, "METHOD_NOT_ALLOWED", "this page can be read, and nothing else: GET")
                .addHeader(Allow.create(HttpMethods.GET, HttpMethods.HEAD));
    }

    private record Alive(String status) {}

    private record Ready(String status, List<String> missing) {}

    private HttpResponse ready() {
        List<String> missing = parts.readiness().missing().stream()
                .map(Readiness.Condition::missing)
                .toList();
        return missing.isEmpty()
                ? Json.ok(new Ready("READY", missing))
                : Json.of(StatusCodes.SERVICE_UNAVAILABLE, new Ready("NOT_READY", missing));
    }

    private Route page(Supplier<Object> content) {
        return get(() -> {
            try {
                return complete(Json.ok(content.get()));
            } catch (RuntimeException e) {
                return complete(failed(e));
            }
        });
    }

    private Route later(CompletionStage<?> content) {
        return completeWithFuture(content.handle((page, thrown) -> thrown == null ? Json.ok(page) : failed(thrown)));
    }

    private static HttpResponse failed(Throwable thrown) {
        if (FailureException.unwrap(thrown) instanceof FailureException expected) {
            Failure failure = expected.failure();
            if (failure instanceof Failure.UnknownTopic f) {
                return Json.error(404, "UNKNOWN_TOPIC", "there is no topic '" + f.topic() + "'");
            } else if (failure instanceof Failure.UnknownPartition f) {
                return Json.error(
                        404,
                        "UNKNOWN_PARTITION",
                        "topic '" + f.topic() + "' has partitions 0 to " + (f.partitions() - 1));
            } else if (failure instanceof Failure.BrokerNotReady f) {
                return Json.error(503, "BROKER_NOT_READY", String.join(", ", f.missing()));
            } else if (failure instanceof Failure.UnknownGroup f) {
                return Json.error(404, "UNKNOWN_GROUP", "there is no group '" + f.group() + "'");
            } else if (failure instanceof Failure.CoordinatorUnavailable f) {
                return Json.error(503, "COORDINATOR_UNAVAILABLE", f.problem());
            } else if (failure instanceof Failure.ControllerUnavailable f) {
                return Json.error(503, "CONTROLLER_UNAVAILABLE", f.problem());
            }
        }
        LOG.error("A page failed", thrown);
        return Json.error(500, "INTERNAL_FAULT", "a fault of the broker; its log tells more");
    }
}
