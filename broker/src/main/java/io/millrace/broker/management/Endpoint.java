package io.millrace.broker.management;

import akka.http.javadsl.model.HttpMethod;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One thing that can be asked over HTTP.
 *
 * @param path with parameters in braces, each a whole segment: {@code /api/v1/topics/{topic}}
 */
record Endpoint(HttpMethod method, String path, Handler handler) {

    /** Answers a request; may throw, or fail, with what {@link Errors} can tell. */
    @FunctionalInterface
    interface Handler {
        CompletionStage<HttpResponse> answer(Asked asked);
    }

    /**
     * @param parameters of the path, in order
     * @param body of a POST; empty otherwise
     */
    record Asked(List<String> parameters, String body) {
        Asked {
            parameters = List.copyOf(parameters);
        }

        String parameter(int place) {
            return parameters.get(place);
        }
    }

    /** A page that is there at once. */
    static Endpoint page(String path, Supplier<Object> content) {
        return get(path, asked -> CompletableFuture.completedFuture(Json.ok(content.get())));
    }

    /** A page that others have to be asked for. */
    static Endpoint later(String path, Function<Asked, CompletionStage<?>> content) {
        return get(path, asked -> content.apply(asked).thenApply(Json::ok));
    }

    static Endpoint get(String path, Handler handler) {
        return new Endpoint(HttpMethods.GET, path, handler);
    }

    /** A change; its body is JSON. */
    static Endpoint post(String path, Handler handler) {
        return new Endpoint(HttpMethods.POST, path, handler);
    }

    /** The parameters in this path; empty if the path is another one. */
    Optional<List<String>> match(List<String> segments) {
        String[] own = path.substring(1).split("/", -1);
        if (own.length != segments.size()) {
            return Optional.empty();
        }
        List<String> parameters = new ArrayList<>();
        for (int i = 0; i < own.length; i++) {
            if (own[i].startsWith("{")) {
                parameters.add(segments.get(i));
            } else if (!own[i].equals(segments.get(i))) {
                return Optional.empty();
            }
        }
        return Optional.of(parameters);
    }
}
