package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.net.http.HttpResponse;
import java.util.Set;
import java.util.TreeSet;

/** A description of an HTTP API, and whether an answer is as it says. */
final class OpenApi {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

    private final JsonNode description;

    OpenApi(String yaml) throws JsonProcessingException {
        this.description = new YAMLMapper().readTree(yaml);
        assertThat(description.path("openapi").asText()).startsWith("3.1.");
    }

    /** As {@code GET /path/{parameter}}. */
    Set<String> operations() {
        Set<String> operations = new TreeSet<>();
        description.path("paths").properties().forEach(path -> path.getValue()
                .fieldNames()
                .forEachRemaining(
                        method -> operations.add(method.toUpperCase(java.util.Locale.ROOT) + " " + path.getKey())));
        return operations;
    }

    /** Fails unless the operation is described, with this status, and this type and content. */
    void check(String operation, HttpResponse<String> answer) throws JsonProcessingException {
        String as = operation + " -> " + answer.statusCode() + " " + answer.body();
        JsonNode responses = operation(operation).path("responses");
        JsonNode response = resolved(
                responses.path(responses.has("" + answer.statusCode()) ? "" + answer.statusCode() : "default"));
        assertThat(response.isMissingNode()).as(as).isFalse();
        String type = answer.headers().firstValue("Content-Type").orElse("").replaceAll(";.*", "");
        JsonNode schema = response.path("content").path(type).path("schema");
        assertThat(schema.isMissingNode()).as(as).isFalse();
        if (type.equals("application/json")) {
            checkContent(as, schema, answer.body());
        }
    }

    /** Fails unless the body is one that the operation takes. */
    void checkRequest(String operation, String body) throws JsonProcessingException {
        JsonNode schema = operation(operation)
                .path("requestBody")
                .path("content")
                .path("application/json")
                .path("schema");
        checkContent(operation + " " + body, schema, body);
    }

    private void checkContent(String as, JsonNode schema, String content) throws JsonProcessingException {
        ObjectNode root = schema.deepCopy();
        root.set("components", description.path("components"));
        assertThat(SCHEMAS.getSchema(root).validate(JSON.readTree(content)))
                .as(as)
                .isEmpty();
    }

    private JsonNode operation(String operation) {
        String[] parts = operation.split(" ", 2);
        return description.path("paths").path(parts[1]).path(parts[0].toLowerCase(java.util.Locale.ROOT));
    }

    private JsonNode resolved(JsonNode node) {
        return node.has("$ref") ? description.at(node.path("$ref").asText().substring(1)) : node;
    }
}
