package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.broker.management.WhatThereIs;
import io.millrace.protocol.v1.CommitOffsetsRequest;
import io.millrace.protocol.v1.GroupServiceGrpc;
import io.millrace.protocol.v1.PartitionCommit;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Everything that HTTP offers, compared with openapi.yaml as the broker serves it. */
class ManagementTest extends WithOneBroker {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Asks to go on with HTTP/2, in the head of its first request. */
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    private static OpenApi openApi;
    private static String topic;

    @BeforeAll
    @Timeout(120)
    static void prepare() throws Exception {
        openApi = new OpenApi(broker.http("/api/v1/openapi.yaml").body());
        topic = newTopic(1);
        messages.produce(records(topic, 0, value("x"), value("y")));
        commit("readers", topic, 1);
        awaitWell(); // the groups' topic is new, and elects
    }

    private static JsonNode awaitWell() throws Exception {
        JsonNode health = json(broker.http("/api/v1/health"));
        while (!health.path("status").asText().equals("OK")) {
            health = json(broker.http("/api/v1/health"));
        }
        return health;
    }

    private static void commit(String group, String of, long offset) {
        GroupServiceGrpc.newBlockingStub(broker.channel())
                .commitOffsets(CommitOffsetsRequest.newBuilder()
                        .setGroup(group)
                        .addOffsets(PartitionCommit.newBuilder().setTopic(of).setOffset(offset))
                        .build());
    }

    private static HttpResponse<String> post(String path, String body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        URI.create("http://" + broker.settings().http().address() + path))
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** As it is described, the request and the answer. */
    private static HttpResponse<String> act(String action, String body) throws Exception {
        String path = "/api/v1/actions/" + action;
        openApi.checkRequest("POST " + path, body);
        HttpResponse<String> answer = post(path, body, "Content-Type", "application/json");
        openApi.check("POST " + path, answer);
        return answer;
    }

    private static JsonNode json(HttpResponse<String> answer) throws Exception {
        return JSON.readTree(answer.body());
    }

    @Test
    void whatIsDescribedIsThereAndWhatIsThereIsDescribed() {
        assertThat(openApi.operations())
                .isEqualTo(new TreeSet<>(WhatThereIs.in(broker.broker().system())));
    }

    @Test
    void everyPageIsAsDescribed() throws Exception {
        Map<String, String> examples = Map.of("{topic}", topic, "{partition}", "0", "{group}", "readers");
        List<String> pages = openApi.operations().stream()
                .filter(operation -> operation.startsWith("GET "))
                .toList();
        assertThat(pages).hasSizeGreaterThan(12);
        for (String page : pages) {
            String path = page.substring("GET ".length());
            for (Map.Entry<String, String> example : examples.entrySet()) {
                path = path.replace(example.getKey(), example.getValue());
            }
            HttpResponse<String> answer = broker.http(path);
            openApi.check(page, answer);
            assertThat(answer.statusCode()).as(page).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET /api/v1/topics/{topic}, /api/v1/topics/nope, 404, UNKNOWN_TOPIC",
        "GET /api/v1/topics/{topic}/partitions/{partition}, /api/v1/topics/nope/partitions/0, 404, UNKNOWN_TOPIC",
        "GET /api/v1/topics/{topic}/partitions/{partition}, /api/v1/topics/x/partitions/y, 400, INVALID_REQUEST",
        "GET /api/v1/groups/{group}, /api/v1/groups/nope, 404, UNKNOWN_GROUP",
    })
    void whatCannotBeShownSaysWhy(String operation, String path, int status, String reason) throws Exception {
        HttpResponse<String> answer = broker.http(path);

        openApi.check(operation, answer);
        assertThat(answer.statusCode()).isEqualTo(status);
        assertThat(json(answer).path("reason").asText()).isEqualTo(reason);
    }

    @Test
    void theMetadatasGroupIsShownLikeAnyOther() throws Exception {
        JsonNode group = json(broker.http("/api/v1/metadata"));

        int self = broker.settings().brokerId();
        assertThat(group.path("leader").asInt()).isEqualTo(self);
        JsonNode replica = group.path("replicas").path(String.valueOf(self));
        assertThat(replica.path("state").asText()).isEqualTo("RUNNING");
        assertThat(replica.path("role").asText()).isEqualTo("LEADER");
        assertThat(replica.path("commitIndex").asLong()).isPositive();
    }

    @Test
    @Timeout(60)
    void aBrokerThatIsWellHasNoProblems() throws Exception {
        JsonNode health = awaitWell();

        assertThat(health.path("problems")).isEmpty();
        assertThat(health.path("figures").path("leaders").asInt()).isPositive();
    }

    @Test
    void topicsAreCreatedAndDeletedWithTheChecksOfGrpc() throws Exception {
        HttpResponse<String> created = act(
                "create-topic",
                "{\"name\": \"by-http\", \"partitions\": 2, \"settings\": {\"retention.ms\": \"60000\"}}");
        assertThat(created.statusCode()).as(created.body()).isEqualTo(200);
        assertThat(topicNamed("by-http").getPartitionsCount()).isEqualTo(2);
        assertThat(topicNamed("by-http").getSettingsMap()).containsEntry("retention.ms", "60000");

        HttpResponse<String> again = act("create-topic", "{\"name\": \"by-http\", \"partitions\": 2}");
        assertThat(again.statusCode()).isEqualTo(409);
        assertThat(json(again).path("reason").asText()).isEqualTo("TOPIC_ALREADY_EXISTS");
        HttpResponse<String> tooMany =
                act("create-topic", "{\"name\": \"x\", \"partitions\": 1, \"replicationFactor\": 2}");
        assertThat(tooMany.statusCode()).isEqualTo(409);
        assertThat(json(tooMany).path("data").path("brokers").asText()).isEqualTo("1");
        String misplaced = "{\"name\": \"x\", \"assignment\": [{\"brokers\": [1]}, {\"brokers\": [9]}]}";
        assertThat(json(act("create-topic", misplaced))
                        .path("data")
                        .path("field")
                        .asText())
                .isEqualTo("assignment");
        assertThat(act("create-topic", "{\"name\": \"no spaces\", \"partitions\": 1}")
                        .statusCode())
                .isEqualTo(400);

        HttpResponse<String> altered =
                act("alter-topic", "{\"name\": \"by-http\", \"resetSettings\": [\"retention.ms\"], \"partitions\": 3}");
        assertThat(altered.statusCode()).as(altered.body()).isEqualTo(200);
        assertThat(topicNamed("by-http").getPartitionsCount()).isEqualTo(3);
        assertThat(topicNamed("by-http").getSettingsMap()).doesNotContainKey("retention.ms");
        assertThat(act("alter-topic", "{\"name\": \"by-http\", \"partitions\": 1}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(act("delete-topic", "{\"name\": \"by-http\"}").statusCode()).isEqualTo(200);
        assertThat(act("delete-topic", "{\"name\": \"by-http\"}").statusCode()).isEqualTo(404);
        assertThat(act("delete-topic", "{\"name\": \"__groups\"}").statusCode()).isEqualTo(400);
    }

    @Test
    void leadersAreMovedWithTheChecksOfGrpc() throws Exception {
        HttpResponse<String> plan = act("rebalance-leaders", "{\"dryRun\": true}");
        HttpResponse<String> nowhere =
                act("transfer-leader", "{\"topic\": \"" + topic + "\", \"partition\": 0, \"broker\": 9}");

        assertThat(plan.statusCode()).as(plan.body()).isIn(200, 503); // 503: the controller has no reports of load yet
        assertThat(nowhere.statusCode()).as(nowhere.body()).isBetween(400, 409);
    }

    @Test
    void replicasAreMovedWithTheChecksOfGrpc() throws Exception {
        int self = broker.settings().brokerId();
        String partition = "{\"topic\": \"" + topic + "\", \"partition\": 0";

        HttpResponse<String> there =
                act("reassign-partitions", "{\"partitions\": [" + partition + ", \"brokers\": [" + self + "]}]}");
        assertThat(there.statusCode()).as(there.body()).isEqualTo(200);
        assertThat(json(there).path("replicasAfter").path("" + self).asInt()).isPositive();
        HttpResponse<String> notMoving = act("reassign-partitions", "{\"partitions\": [" + partition + "}]}");
        assertThat(json(notMoving).path("data").path("problem").asText()).contains("not being moved");
        assertThat(act("reassign-partitions", "{\"partitions\": [" + partition + ", \"brokers\": [99]}]}")
                        .statusCode())
                .isEqualTo(404);

        HttpResponse<String> even = act("rebalance-replicas", "{\"dryRun\": true}");
        assertThat(even.statusCode()).as(even.body()).isEqualTo(200);
        assertThat(json(even).path("moves")).isEmpty();
        assertThat(json(even)
                        .path("brokers")
                        .get(0)
                        .path("before")
                        .path("replicas")
                        .asInt())
                .isPositive();
        assertThat(act("rebalance-replicas", "{\"dryRun\": true, \"stop\": true}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(act("alter-broker-config", "{\"settings\": {\"moves-per-broker\": \"3\"}}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(origin(json(broker.http("/api/v1/configuration")).path("settings"), "millrace.moves-per-broker"))
                .isEqualTo("DYNAMIC all brokers");
        assertThat(act("alter-broker-config", "{\"broker\": 99, \"resetSettings\": [\"moves-per-broker\"]}")
                        .statusCode())
                .isEqualTo(404);
        assertThat(act("alter-broker-config", "{\"settings\": {\"broker-id\": \"3\"}}")
                        .statusCode())
                .isEqualTo(400);

        HttpResponse<String> alone = act("drain-broker", "{\"broker\": " + self + ", \"dryRun\": true}");
        assertThat(alone.statusCode()).isEqualTo(409);
        assertThat(json(alone).path("reason").asText()).isEqualTo("REASSIGNMENT_REFUSED");
        assertThat(act("undrain-broker", "{\"broker\": " + self + "}").statusCode())
                .isEqualTo(200);
        assertThat(act("undrain-broker", "{\"broker\": 99}").statusCode()).isEqualTo(404);
        assertThat(act("unregister-broker", "{\"broker\": " + self + "}").statusCode())
                .isEqualTo(409);
    }

    @Test
    void offsetsAreResetAndGroupsDeleted() throws Exception {
        commit("movers", topic, 2);

        HttpResponse<String> planned =
                act("reset-offsets", "{\"group\": \"movers\", \"earliest\": true, \"dryRun\": true}");
        HttpResponse<String> done = act("reset-offsets", "{\"group\": \"movers\", \"offset\": 1}");

        assertThat(json(planned).path("offsets").get(0).path("after").asText()).isEqualTo("0");
        assertThat(json(done).path("offsets").get(0).path("before").asText()).isEqualTo("2");
        assertThat(json(done).path("offsets").get(0).path("after").asText()).isEqualTo("1");
        assertThat(act("delete-group", "{\"group\": \"movers\"}").statusCode()).isEqualTo(200);
        assertThat(act("delete-group", "{\"group\": \"movers\"}").statusCode()).isEqualTo(404);
    }

    @Test
    void aChangeThatAWebPageCouldSendIsRefused() throws Exception {
        String path = "/api/v1/actions/delete-topic";
        String body = "{\"name\": \"" + topic + "\"}";
        String json = "application/json";

        assertThat(post(path, body).statusCode()).isEqualTo(415);
        assertThat(post(path, body, "Content-Type", "text/plain").statusCode()).isEqualTo(415);
        assertThat(post(path, body, "Content-Type", "application/x-www-form-urlencoded")
                        .statusCode())
                .isEqualTo(415);
        assertThat(post(path, body, "Content-Type", json, "Origin", "http://localhost:9192")
                        .statusCode())
                .isEqualTo(403);
        assertThat(topicNamed(topic).getName()).isEqualTo(topic);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{",
                "[]",
                "''",
                "null",
                "{\"name\": 5}",
                "{\"nmae\": \"x\"}",
                "{\"name\": \"x\"} {\"name\": \"y\"}"
            })
    void aBodyThatIsNotTheMessageIsRefused(String body) throws Exception {
        HttpResponse<String> answer =
                post("/api/v1/actions/delete-topic", String.valueOf(body), "Content-Type", "application/json");

        assertThat(answer.statusCode()).as(answer.body()).isBetween(400, 404);
        openApi.check("POST /api/v1/actions/delete-topic", answer);
    }

    @Test
    void aBodyBeyondTheLimitIsRefused() throws Exception {
        HttpResponse<String> answer = post(
                "/api/v1/actions/delete-topic",
                "{\"name\": \"" + "x".repeat(MIB) + "\"}",
                "Content-Type",
                "application/json");

        assertThat(answer.statusCode()).isEqualTo(413);
        assertThat(json(answer).path("reason").asText()).isEqualTo("BODY_TOO_LARGE");
    }

    @Test
    void aMethodThatAPathDoesNotHaveIsToldWhichItHas() throws Exception {
        HttpResponse<String> answer = broker.http("GET", "/api/v1/actions/delete-topic");

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.headers().firstValue("Allow")).hasValue("POST");
    }

    @Test
    void whatIsLoggedCanBeChanged() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger("io.millrace.broker.ManagementTest");
        String name = logger.getName();
        try {
            HttpResponse<String> changed = postLogger("{\"logger\": \"" + name + "\", \"level\": \"DEBUG\"}");
            openApi.check("POST /api/v1/loggers", changed);
            assertThat(changed.statusCode()).as(changed.body()).isEqualTo(200);
            assertThat(logger.getLevel()).isEqualTo(Level.DEBUG);
            assertThat(broker.http("/api/v1/loggers").body()).contains(name);

            assertThat(postLogger("{\"logger\": \"" + name + "\", \"level\": \"INHERIT\"}")
                            .statusCode())
                    .isEqualTo(200);
            assertThat(logger.getLevel()).isNull();
        } finally {
            logger.setLevel(null);
        }
        assertThat(postLogger("{\"logger\": \"" + name + "\", \"level\": \"LOUD\"}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(postLogger("{\"logger\": \"io.millrace.nope\", \"level\": \"INFO\"}")
                        .statusCode())
                .isEqualTo(404);
        assertThat(postLogger("{\"logger\": \"ROOT\", \"level\": \"INHERIT\"}").statusCode())
                .isEqualTo(400);
        assertThat(postLogger("{\"level\": \"INFO\"}").statusCode()).isEqualTo(400);
        assertThat(postLogger("{\"logger\": \"ROOT\", \"level\": \"INFO\", \"more\": 1}")
                        .statusCode())
                .isEqualTo(400);
    }

    private static HttpResponse<String> postLogger(String body) throws Exception {
        return post("/api/v1/loggers", body, "Content-Type", "application/json");
    }

    @Test
    void theConfigurationTellsWhoSaidWhat() throws Exception {
        JsonNode settings = json(broker.http("/api/v1/configuration")).path("settings");

        assertThat(origin(settings, "millrace.http.port")).isEqualTo("COMMAND_LINE -Dmillrace.http.port");
        assertThat(origin(settings, "millrace.raft.heartbeat-interval")).isEqualTo("DEFAULT null");
        assertThat(origin(settings, "millrace.journal.dir")).isEqualTo("DERIVED null");
    }

    private static String origin(JsonNode settings, String key) {
        for (JsonNode setting : settings) {
            if (setting.path("key").asText().equals(key)) {
                return setting.path("origin").asText() + " "
                        + setting.path("where").asText();
            }
        }
        throw new AssertionError("no setting " + key);
    }

    @Test
    void theThreadDumpShowsStacksAndWhoWaits() throws Exception {
        String dump = broker.http("/api/v1/threads").body();

        assertThat(dump).contains("RUNNABLE", "millrace", "    at java.base");
        assertThat(dump.lines().filter(line -> line.startsWith("\"")).count()).isGreaterThan(10);
    }
}
