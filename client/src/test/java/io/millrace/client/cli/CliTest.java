package io.millrace.client.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.grpc.Status;
import io.millrace.client.FakeCluster;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.PartitionReplicas;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class CliTest {
    private final FakeCluster cluster = new FakeCluster(3);

    private record Result(int status, Bytes stdout, Bytes stderr) {
        String out() {
            return stdout.toUtf8();
        }

        String err() {
            return stderr.toUtf8();
        }
    }

    @AfterEach
    void close() {
        cluster.close();
    }

    private Result run(byte[] stdin, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        return run(new ByteArrayInputStream(stdin), out, out, args);
    }

    private Result run(String... args) {
        return run(new byte[0], args);
    }

    private Result run(InputStream in, OutputStream out, ByteArrayOutputStream seen, String... args) {
        return run(in, out, seen, new ByteArrayOutputStream(), args);
    }

    private Result run(ByteArrayOutputStream err, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        return run(new ByteArrayInputStream(new byte[0]), out, out, err, args);
    }

    private Result run(
            InputStream in, OutputStream out, ByteArrayOutputStream seen, ByteArrayOutputStream err, String... args) {
        int status = MillraceCli.run(
                new Console(
                        in,
                        out,
                        new PrintStream(err, true, UTF_8),
                        Map.of("MILLRACE_BOOTSTRAP", cluster.bootstrap()),
                        false),
                args);
        return new Result(status, Bytes.wrap(seen.toByteArray()), Bytes.wrap(err.toByteArray()));
    }

    @Test
    void topicsAreCreatedListedDescribedAndDeleted() {
        assertThat(run("topic", "create", "orders", "--partitions", "2").out())
                .isEqualTo("created orders: 2 partitions, replication factor 3\n");
        run("topic", "create", "events");
        assertThat(run("topic", "list").out()).isEqualTo("events\norders\n");
        assertThat(run("topic", "describe", "orders").out().lines())
                .hasSize(4)
                .anyMatch(line -> line.matches("PARTITION +LEADER +TERM +REPLICAS +IN SYNC +EARLIEST +LATEST +BYTES"))
                .anyMatch(line -> line.matches("1 +2 +1 +1,2,3 +1,2,3 +0 +0 +0"));
        assertThat(run("topic", "describe", "--json", "orders").out())
                .startsWith(
                        "{\"name\":\"orders\",\"id\":1,\"replication_factor\":3,\"settings\":{},\"partitions\":[{\"partition\":0,"
                                + "\"leader\":1,\"leader_term\":1,\"replicas\":[1,2,3],");
        assertThat(run("topic", "delete", "orders", "events").status()).isZero();
        assertThat(run("topic", "list").out()).isEmpty();
    }

    @Test
    void aTopicMayHaveSettingsOfItsOwn() {
        run("topic", "create", "logs", "-s", "flush.policy=interval", "--setting", "flush.interval.ms=50");
        assertThat(run("topic", "describe", "logs").out().lines())
                .contains("flush.interval.ms=50, flush.policy=interval");
        assertThat(run("topic", "describe", "logs", "--json").out())
                .contains("\"settings\":{\"flush.interval.ms\":\"50\",\"flush.policy\":\"interval\"}");
    }

    @Test
    void brokersAreNamedForEachPartition() {
        assertThat(run("topic", "create", "placed", "--assign", "1=2,3", "--assign", "0=1,2")
                        .status())
                .isZero();
        assertThat(cluster.created.get(0).getPartitions()).isEqualTo(2);
        assertThat(cluster.created.get(0).getAssignmentList())
                .extracting(PartitionReplicas::getBrokersList)
                .containsExactly(List.of(1, 2), List.of(2, 3));
    }

    @Test
    void aTopicThatExistsIsAnErrorUnlessToldOtherwise() {
        cluster.createTopic("orders", 1);
        Result refused = run("topic", "create", "orders");
        assertThat(refused.status()).isEqualTo(1);
        assertThat(refused.err().lines()).singleElement().asString().contains("--if-not-exists");
        assertThat(run("topic", "create", "orders", "--if-not-exists").status()).isZero();
        assertThat(run("topic", "delete", "missing", "--if-exists").status()).isZero();
        assertThat(run("topic", "delete", "missing").err())
                .startsWith("millrace: fake UNKNOWN_TOPIC; see 'millrace topic list'");
    }

    @Test
    void theClusterShowsItsBrokers() {
        cluster.broker(3).kill();
        Result result = run("cluster");
        assertThat(result.status()).isZero();
        assertThat(result.out().lines())
                .anyMatch(line -> line.matches("1 +127.0.0.1:[0-9]+ +127.0.0.1:9192 +up, controller"))
                .anyMatch(line -> line.matches("3 .* down"));
        assertThat(run("cluster", "--json").out()).startsWith("{\"cluster_id\":\"fake\",\"controller_id\":1,");
    }

    @Test
    void theStatusOfTheClusterIsPutTogetherFromWhatEachBrokerSays() throws Exception {
        cluster.createTopic("orders", 2);
        cluster.broker(3).kill();

        Result result = run("cluster", "status");

        assertThat(result.status()).isZero();
        assertThat(result.out().lines())
                .contains("cluster fake: WARNING")
                .anyMatch(line -> line.matches("1 +up, controller +1 +3 +0 +7 +3.0 GiB +127.0.0.1:[0-9]+"))
                .anyMatch(line -> line.matches("3 +down( +-){5} +127.0.0.1:[0-9]+"))
                .anyMatch(line -> line.matches("TOPIC +PARTITIONS +LED +ON 1 +ON 2 +ON 3"))
                .anyMatch(line -> line.matches("orders +2 +2 +1/2 +1/2 +0/2"))
                .contains("  broker 3: cannot be reached", "  -> Start it.")
                .anyMatch(line -> line.matches("WARNING BROKER_DOWN, for [0-9]+ h"));
        assertThat(result.out().lines().filter(line -> line.contains("BROKER_DOWN")))
                .hasSize(1);

        JsonNode json =
                new ObjectMapper().readTree(run("cluster", "status", "--json").out());
        assertThat(json.path("status").asText()).isEqualTo("WARNING");
        assertThat(json.path("brokers").get(2).path("answers").asBoolean()).isFalse();
        assertThat(json.path("problems").findValuesAsText("problem")).containsExactly("BROKER_DOWN");
        assertThat(json.path("problems").findValuesAsText("since")).contains("1970-01-01T00:00:01Z");
        assertThat(json.path("topics").get(0).path("partitions")).hasSize(2);
    }

    @Test
    void theStatusIsShownAgainAndAgainUntilInterrupted() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        CountDownLatch shownTwice = new CountDownLatch(2);
        OutputStream seen = new OutputStream() {
            @Override
            public void write(int one) {
                out.write(one);
            }

            @Override
            public void write(byte[] bytes) {
                out.writeBytes(bytes);
                shownTwice.countDown();
            }
        };
        Thread watching = new Thread(() -> MillraceCli.run(
                new Console(
                        InputStream.nullInputStream(),
                        seen,
                        new PrintStream(OutputStream.nullOutputStream(), true, UTF_8),
                        Map.of("MILLRACE_BOOTSTRAP", cluster.bootstrap()),
                        false),
                "cluster",
                "status",
                "--watch",
                "1ms"));
        watching.start();

        assertThat(shownTwice.await(30, TimeUnit.SECONDS)).isTrue();
        watching.interrupt();
        watching.join(30_000);

        assertThat(watching.isAlive()).isFalse();
        assertThat(out.toString(UTF_8)).startsWith("\u001b[H\u001b[2Jcluster fake: ");
    }

    @Test
    void linesGoInAndComeOutByteForByte() {
        cluster.createTopic("bytes", 1);
        byte[] input = new byte[300_000];
        new Random(7).nextBytes(input);
        input[input.length - 1] = '\n';
        Result produced = run(input, "produce", "bytes");
        assertThat(produced.status()).isZero();
        assertThat(produced.err()).matches("[0-9]+ records acknowledged in [0-9.]+ s \\([0-9,]+/s\\)\n");
        assertThat(produced.out()).isEmpty();

        Result consumed = run("consume", "bytes", "--until-end");
        assertThat(consumed.status()).isZero();
        assertThat(consumed.stdout().toByteArray()).isEqualTo(input);
    }

    @Test
    void aLastLineWithoutLineFeedAndEmptyLinesAreRecords() {
        cluster.createTopic("lines", 1);
        run("a\n\n\r\nlast".getBytes(UTF_8), "produce", "lines");
        assertThat(cluster.values("lines", 0)).containsExactly("a", "", "\r", "last");
        assertThat(run(new byte[0], "produce", "lines").err()).startsWith("0 records acknowledged");
    }

    @Test
    void manyLinesTakeFewRequestsAndKeepTheirOrder() {
        cluster.createTopic("lines", 1);
        String text =
                IntStream.range(0, 200_000).mapToObj(i -> "line " + i + "\n").collect(Collectors.joining());
        assertThat(run(text.getBytes(UTF_8), "produce", "lines").status()).isZero();
        assertThat(cluster.produceLog()).hasSizeLessThan(20_000); // how few depends on how fast they are answered
        assertThat(run("consume", "lines", "--until-end").out()).isEqualTo(text);
    }

    @Test
    void keysAreCutAtTheFirstSeparator(@TempDir Path directory) throws IOException {
        cluster.createTopic("pairs", 1);
        Path file = Files.writeString(directory.resolve("pairs"), "a\t1\t2\nb\t\n");
        assertThat(run("produce", "pairs", "--file", file.toString(), "--key-separator", "\\t")
                        .status())
                .isZero();
        assertThat(run("consume", "pairs", "--until-end", "--format", "key-value")
                        .out())
                .isEqualTo("a\t1\t2\nb\t\n");

        Result bad = run("c=1\nno key\nd=2\n".getBytes(UTF_8), "produce", "pairs", "-K", "=");
        assertThat(bad.status()).isEqualTo(1);
        assertThat(bad.err()).contains("1 record acknowledged").contains("line 2 has no key separator");
        assertThat(cluster.values("pairs", 0)).containsExactly("1\t2", "", "1");
    }

    @Test
    void aLineThatIsRefusedStopsTheReadingAndIsNamed() {
        cluster.createTopic("lines", 1);
        cluster.limitRequestsTo(200);
        Result result = run(("a\nb\n" + "x".repeat(300) + "\nd\n").getBytes(UTF_8), "produce", "lines");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("millrace: line 3 was not acknowledged: fake MESSAGE_TOO_LARGE");
        assertThat(cluster.values("lines", 0)).startsWith("a", "b").doesNotContain("x".repeat(300));
    }

    @Test
    void aBatchWhoseAnswerWasLostIsThereOnce() {
        cluster.createTopic("lines", 1);
        cluster.nextProduce(append -> {
            append.run();
            throw FakeCluster.error(Status.Code.UNAVAILABLE, ErrorReason.OUTCOME_UNKNOWN, null, Map.of());
        });
        Result result = run("a\n".getBytes(UTF_8), "produce", "lines");
        assertThat(result.status()).isZero();
        assertThat(result.err()).contains("1 batch retried");
        assertThat(cluster.values("lines", 0)).containsExactly("a");
        assertThat(run("b\n".getBytes(UTF_8), "produce", "lines", "--json").out())
                .isEqualTo("{\"topic\":\"lines\",\"records_acknowledged\":1,\"records_failed\":0,\"batches_retried\":0,"
                        + "\"batches_possibly_duplicated\":0,\"records_possibly_duplicated\":0}\n");
    }

    @Test
    void readingStartsAndStopsWhereItIsTold() {
        cluster.createTopic("lines", 1);
        run("0\n1\n2\n3\n4\n".getBytes(UTF_8), "produce", "lines");
        cluster.trim("lines", 0, 1);

        assertThat(run("consume", "lines", "-e").out()).isEqualTo("1\n2\n3\n4\n");
        assertThat(run("consume", "lines", "-e", "--offset", "3").out()).isEqualTo("3\n4\n");
        assertThat(run("consume", "lines", "-e", "--offset", "-2").out()).isEqualTo("3\n4\n");
        assertThat(run("consume", "lines", "-e", "--offset", "latest").out()).isEmpty();
        assertThat(run("consume", "lines", "--from-beginning", "--max-messages", "2")
                        .out())
                .isEqualTo("1\n2\n");
        assertThat(run("consume", "lines", "-e", "--offset", "5").out()).isEmpty();

        Result outOfRange = run("consume", "lines", "-e", "--offset", "0");
        assertThat(outOfRange.status()).isEqualTo(1);
        assertThat(outOfRange.err()).contains("offsets 1 to 5 can be read");
        Result beyond = run("consume", "lines", "-e", "--offset", "6");
        assertThat(beyond.status()).isEqualTo(1);
        assertThat(beyond.err()).contains("offsets 1 to 5 can be read");
    }

    @Test
    void readingStartsAtATime() {
        cluster.createTopic("lines", 1);
        run("0\n1\n2\n".getBytes(UTF_8), "produce", "lines");
        String first = run("consume", "lines", "-e", "--format", "%T\\n")
                .out()
                .lines()
                .findFirst()
                .orElseThrow();
        assertThat(run("consume", "lines", "-e", "--from-timestamp", first).out())
                .isEqualTo("0\n1\n2\n");
        assertThat(run("consume", "lines", "-e", "-t", "2000-01-01T00:00:00Z").out())
                .isEqualTo("0\n1\n2\n");
        assertThat(run("consume", "lines", "-e", "-t", "2999-01-01T00:00:00+02:00")
                        .out())
                .isEmpty();
    }

    @Test
    void aGroupGoesOnWhereItHasCommitted() {
        cluster.createTopic("lines", 1);
        run("0\n1\n2\n3\n".getBytes(UTF_8), "produce", "lines");
        assertThat(run("consume", "lines", "--group", "billing", "-n", "3").out())
                .isEqualTo("0\n1\n2\n");
        assertThat(run("consume", "lines", "--group", "billing", "-n", "1").out())
                .isEqualTo("3\n");
    }

    @Test
    void aReadingBenchReadsAllThatIsThere() {
        cluster.createTopic("load", 2);
        run("a\nbc\n".getBytes(UTF_8), "produce", "load", "--partition", "0");
        run("def\n".getBytes(UTF_8), "produce", "load", "--partition", "1");
        assertThat(run("bench", "load", "--read").out()).startsWith("3 records read in ");
        assertThat(run("bench", "load", "--read", "--any-replica", "--json").out())
                .contains("\"records_read\":3,\"bytes_read\":6");
    }

    @Test
    void allPartitionsAreReadUnlessOneIsNamed() {
        cluster.createTopic("spread", 3);
        for (int partition = 0; partition < 3; partition++) {
            run((partition + "\n").getBytes(UTF_8), "produce", "spread", "--partition", "" + partition);
        }
        assertThat(run("consume", "spread", "-e").out().lines()).containsExactlyInAnyOrder("0", "1", "2");
        assertThat(run("consume", "spread", "-e", "--partition", "1").out()).isEqualTo("1\n");
        assertThat(run("consume", "spread", "-e", "-p", "0,2").out().lines()).containsExactlyInAnyOrder("0", "2");
        assertThat(run("consume", "spread", "--offset", "1").status()).isEqualTo(2);
        assertThat(run("consume", "spread", "-e", "-p", "3").err()).contains("UNKNOWN_PARTITION");
    }

    @Test
    void formatsShowWhatIsAskedFor() {
        cluster.createTopic("pairs", 1);
        run("k=v".getBytes(UTF_8), "produce", "pairs", "-K", "=");
        run(new byte[] {(byte) 0xff, '\n'}, "produce", "pairs");

        assertThat(run("consume", "pairs", "-e", "--format", "%t-%p@%o %k(%K)=%s(%S) 100%%\\x21\\n")
                        .out())
                .startsWith("pairs-0@0 k(1)=v(1) 100%!\npairs-0@1 (-1)=");
        assertThat(run("consume", "pairs", "-e", "--format", "json").out().lines())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .matches("\\{\"topic\":\"pairs\",\"partition\":0,\"offset\":0,\"timestamp\":[0-9]+,"
                                        + "\"key\":\"k\",\"value\":\"v\"}"),
                        line -> assertThat(line).endsWith("\"key\":null,\"value_base64\":\"/w==\"}"));
        assertThat(run("consume", "pairs", "--format", "%q").status()).isEqualTo(2);
        assertThat(run("consume", "pairs", "--format", "xml").err()).contains("value, key-value, json or a template");
    }

    @Test
    void aReaderThatGoesAwayEndsTheCommandQuietly() {
        cluster.createTopic("lines", 1);
        run("a\n".getBytes(UTF_8), "produce", "lines");
        OutputStream closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        Result result =
                run(InputStream.nullInputStream(), closed, new ByteArrayOutputStream(), "consume", "lines", "-e");
        assertThat(result.status()).isZero();
        assertThat(result.err()).isEmpty();
    }

    @Test
    void aFullDiskIsAnError() {
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        };
        Result result = run(InputStream.nullInputStream(), full, new ByteArrayOutputStream(), "cluster");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).isEqualTo("millrace: cannot write to stdout: No space left on device\n");
    }

    @Test
    void nobodyThereIsSaidSoonAndWithWhatToDo() {
        cluster.close();
        Result result = run("cluster", "--timeout", "200ms");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err().lines())
                .singleElement()
                .asString()
                .contains("cannot connect to 127.0.0.1:")
                .contains("millrace quickstart");
    }

    @Test
    void anOptionBeforeTheCommandIsSaidToGoAfterIt() {
        for (String option : new String[] {"-b", "--bootstrap=x:1", "-bx:1"}) {
            Result result = run(option, "cluster");
            assertThat(result.status()).isEqualTo(2);
            assertThat(result.err()).contains("'" + option + "' goes after the command");
        }
        assertThat(run("--frob", "cluster").err()).contains("Unknown option: '--frob'");
    }

    @Test
    void producingNothingToATopicThatDoesNotExistFailsAsWell() {
        Result result = run("produce", "nowhere", "--file", "/dev/null");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("nowhere");
    }

    @Test
    void whatIsProducedCompressedIsConsumedAsItWas() {
        cluster.createTopic("packed", 1);
        String line = "the same again ".repeat(100);
        for (String codec : new String[] {"none", "gzip", "snappy", "lz4", "zstd", "auto"}) {
            assertThat(run((line + codec + "\n").getBytes(UTF_8), "produce", "packed", "--compression", codec)
                            .status())
                    .isZero();
        }
        assertThat(run("consume", "packed", "--from-beginning", "--until-end")
                        .out()
                        .lines())
                .containsExactly(
                        line + "none", line + "gzip", line + "snappy", line + "lz4", line + "zstd", line + "auto");
        assertThat(run("produce", "packed", "-z", "rar").status()).isEqualTo(2);
    }

    @Test
    void aHostThatDoesNotExistIsSaidInOneLine() {
        // Time enough for a name server on a busy machine; it gives up after its time for a first contact.
        Result result = run("cluster", "--bootstrap", "no-such-host.invalid:9092", "--timeout", "60s");
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err().lines())
                .singleElement()
                .asString()
                .contains("cannot connect to no-such-host.invalid:9092: no such host");
    }

    @Test
    void aBrokerThatIsNotReadySaysInWordsWhatIsMissing() throws IOException {
        HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.createContext("/ready", exchange -> {
            byte[] body =
                    "{\n  \"status\" : \"NOT_READY\",\n  \"missing\" : [ \"this\", \"that\" ]\n}\n".getBytes(UTF_8);
            exchange.sendResponseHeaders(503, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        http.start();
        try {
            Result result = run(
                    "wait-ready",
                    "--once",
                    "--broker",
                    "1,127.0.0.1:" + http.getAddress().getPort());
            assertThat(result.status()).isEqualTo(1);
            assertThat(result.out()).endsWith("broker 1: not ready yet: this, that\n");
        } finally {
            http.stop(0);
        }
    }

    @Test
    void aLeaderIsWaitedForAsLongAsAnyPartitionGetsOne() {
        cluster.createTopic("quickstart", 1);
        cluster.createTopic("orders", 2);
        cluster.moveLeader("orders", 1, null);
        assertThat(run("wait-leaders", "quickstart").err())
                .as("another's is not waited for")
                .isEmpty();

        cluster.moveLeader("quickstart", 0, null);
        cluster.moveLeader("orders", 0, null);
        ByteArrayOutputStream err = new ByteArrayOutputStream() {
            @Override
            public synchronized void write(byte[] bytes, int offset, int length) {
                super.write(bytes, offset, length);
                if (!toString(UTF_8).contains("1 of 3")) {
                    cluster.moveLeader("orders", 0, 2);
                } else {
                    cluster.moveLeader("quickstart", 0, 1);
                }
            }
        };
        assertThat(run(err, "wait-leaders", "quickstart").status()).isZero();
        assertThat(err.toString(UTF_8).lines())
                .containsExactly(
                        "millrace: 0 of 3 partitions have a leader", "millrace: 1 of 3 partitions have a leader");

        cluster.moveLeader("quickstart", 0, 3);
        cluster.broker(3).kill();
        Result stuck = run("wait-leaders", "quickstart", "--timeout", "1s");
        assertThat(stuck.status()).isEqualTo(1);
        assertThat(stuck.err())
                .endsWith(
                        "millrace: quickstart has no leader that answers, and no other partition gets one; see 'millrace cluster status'\n");
    }

    @Test
    void wrongUsageIsStatusTwoAndOneLine() {
        for (String[] args : new String[][] {
            {},
            {"frobnicate"},
            {"topic"},
            {"group"},
            {"group", "describe"},
            {"group", "reset-offsets", "readers"},
            {"group", "reset-offsets", "readers", "--to", "yesterday"},
            {"topic", "create"},
            {"topic", "create", "x", "--partitions", "many"},
            {"topic", "create", "x", "--setting", "flush.policy"},
            {"cluster", "--bootstrap", "host:port"},
            {"cluster", "--timeout", "soon"},
            {"consume", "x", "--from-beginning", "--offset", "1"},
            {"consume", "x", "--from-timestamp", "yesterday"},
            {"consume", "x", "--from-timestamp", "1", "--offset", "1"},
            {"consume", "x", "--group", "g", "--until-end"},
            {"consume", "a/b"},
            {"topic", "create", "x", "--replication-factor", "0"},
            {"topic", "create", "x", "--assign", "1=1"},
            {"topic", "alter", "x", "--assign", "one"},
            {"topic", "frobnicate"},
            {"topic", "create", "x", "y"},
            {"produce", "x", "--partition", "-1"},
            {"quickstart", "--file", "x"},
        }) {
            Result result = run(args);
            assertThat(result.status()).as(String.join(" ", args)).isEqualTo(2);
            assertThat(result.err().lines()).as(result.err()).hasSize(1);
            assertThat(result.out()).isEmpty();
        }
    }

    @Test
    void everyCommandExplainsItself() {
        for (String[] args : new String[][] {
            {"--help"},
            {"topic", "--help"},
            {"topic", "create", "--help"},
            {"topic", "list", "--help"},
            {"topic", "describe", "--help"},
            {"topic", "delete", "--help"},
            {"produce", "--help"},
            {"consume", "--help"},
            {"cluster", "--help"},
        }) {
            Result result = run(args);
            assertThat(result.status()).isZero();
            assertThat(result.out()).startsWith("Usage: millrace");
            assertThat(result.out().lines()).allMatch(line -> line.length() <= 100);
        }
        assertThat(run("--help").out())
                .contains("broker", "quickstart", "simulate")
                .doesNotContain("wait-ready", "wait-leaders");
        assertThat(run("--version").out()).startsWith("millrace ");
    }
}
