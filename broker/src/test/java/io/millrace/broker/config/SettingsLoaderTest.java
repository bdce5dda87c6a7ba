package io.millrace.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.typesafe.config.Config;
import io.millrace.controller.balance.BalancerSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsLoaderTest {

    @Test
    void theDefaultsAreABrokerThatIsAClusterByItself() {
        BrokerSettings settings = load(Map.of());

        assertThat(settings.brokerId()).isEqualTo(1);
        assertThat(settings.frontDoor().address()).isEqualTo(new HostPort("127.0.0.1", 9092));
        assertThat(settings.messageBytesMax()).isEqualTo(1 << 20);
        assertThat(seeds(settings)).containsExactly(new HostPort("127.0.0.1", 9192));
        assertThat(settings.akka().getStringList("akka.cluster.roles")).containsExactly("broker-1", "metadata-voter");
    }

    private static List<HostPort> seeds(BrokerSettings settings) {
        return settings.akka().getConfigList("akka.discovery.config.services.millrace-seeds.endpoints").stream()
                .map(seed -> new HostPort(seed.getString("host"), seed.getInt("port")))
                .toList();
    }

    @Test
    void aFoundingTakesAMajorityOfTheSeeds() {
        BrokerSettings settings = load(Map.of("millrace.cluster.seeds", "a:1,b:1,c:1,d:1,e:1"));

        assertThat(settings.akka()
                        .getInt("akka.management.cluster.bootstrap.contact-point-discovery.required-contact-point-nr"))
                .isEqualTo(3);
    }

    @Test
    void theAdvertisedHostIsTheOneThatIsListenedOnUnlessGiven() {
        assertThat(load(Map.of("millrace.http.host", "127.0.0.9")).http().advertised())
                .isEqualTo(new HostPort("127.0.0.9", 9192));

        BrokerSettings settings =
                load(Map.of("millrace.http.host", "0.0.0.0", "millrace.http.advertised-host", "here"));

        assertThat(settings.http().advertised()).isEqualTo(new HostPort("here", 9192));
        assertThat(settings.akka().getString("akka.management.http.bind-hostname"))
                .isEqualTo("0.0.0.0");
        assertThat(settings.akka().getString("akka.management.http.hostname")).isEqualTo("here");
    }

    @Test
    void aBrokerHasARackOnlyIfItsOperatorSaysSo() {
        assertThat(load(Map.of()).rack()).isEmpty();
        assertThat(load(Map.of("millrace.rack", "zone-a")).rack()).contains("zone-a");
        assertThat(load(Map.of()).capacity()).isEqualTo(1);
        assertThat(load(Map.of("millrace.capacity-percent", "250")).capacity()).isEqualTo(2.5);
        assertThat(load(Map.of()).moveBytesPerSecond()).isEqualTo(50 << 20);
        assertThat(load(Map.of("millrace.move-throttle", "0")).moveBytesPerSecond())
                .isZero();
        assertThat(load(Map.of()).moves().balanced()).isFalse();
        assertThat(load(Map.of("millrace.replica-rebalance", "auto")).moves().balanced())
                .isTrue();
    }

    @Test
    void leadersAreBalancedUnlessTheOperatorSaysNo() {
        assertThat(load(Map.of()).leaders().balancer()).contains(BalancerSettings.DEFAULT);
        assertThat(load(Map.of("millrace.leader-balance.threshold-percent", "20"))
                        .leaders()
                        .balancer()
                        .map(BalancerSettings::threshold))
                .contains(0.2);
        assertThat(load(Map.of("millrace.leader-balance.enabled", "off"))
                        .leaders()
                        .balancer())
                .isEmpty();
    }

    @Test
    void laterSourcesOverrideEarlierOnes(@TempDir Path directory) throws IOException {
        Path file = write(
                directory,
                """
                millrace {
                  cluster.port = 1001, client.port = 1002, http.port = 1003
                  raft.heartbeat-interval = 50 ms
                }
                """);
        Map<String, String> environment = Map.of("MILLRACE_CLIENT_PORT", "2002", "MILLRACE_HTTP_PORT", "2003");

        BrokerSettings settings =
                SettingsLoader.load(Optional.of(file), environment, Map.of("millrace.http.port", "3003"));

        assertThat(settings.cluster().address().port()).isEqualTo(1001);
        assertThat(settings.frontDoor().address().port()).isEqualTo(2002);
        assertThat(settings.http().address().port()).isEqualTo(3003);
        assertThat(settings.raft().heartbeatMillis()).isEqualTo(50);
        assertThat(settings.shutdownTimeout()).isEqualTo(Duration.ofSeconds(30));
    }

    @Test
    void everySettingHasAVariableOfItsOwn() {
        assertThat(SettingsLoader.variableOf("millrace.cluster.metadata-voters"))
                .isEqualTo("MILLRACE_CLUSTER_METADATA_VOTERS");
    }

    @Test
    void listsAreReadFromTextWithOrWithoutBrackets() {
        Map<String, String> environment = Map.of(
                "MILLRACE_CLUSTER_SEEDS", "a:1, [::1]:2",
                "MILLRACE_CLUSTER_METADATA_VOTERS", "[1, 2, 3]");

        BrokerSettings settings = SettingsLoader.load(Optional.empty(), environment, Map.of());

        assertThat(settings.cluster().seeds()).containsExactly(new HostPort("a", 1), new HostPort("::1", 2));
        assertThat(settings.cluster().metadataVoters()).containsExactlyInAnyOrder(1, 2, 3);
        assertThat(seeds(settings)).containsExactlyElementsOf(settings.cluster().seeds());
    }

    @Test
    void aBrokerMayListenElsewhereThanWhereOthersReachIt() {
        assertThat(load(Map.of()).cluster().bind()).isEqualTo(new HostPort("127.0.0.1", 2551));
        BrokerSettings settings =
                load(Map.of("millrace.cluster.bind-host", "0.0.0.0", "millrace.cluster.bind-port", "7000"));
        assertThat(settings.cluster().address()).isEqualTo(new HostPort("127.0.0.1", 2551));
        assertThat(settings.cluster().bind()).isEqualTo(new HostPort("0.0.0.0", 7000));
        assertThat(settings.akka().getInt("akka.remote.artery.bind.port")).isEqualTo(7000);
        assertThat(settings.akka().getInt("akka.remote.artery.canonical.port")).isEqualTo(2551);
    }

    @Test
    void allMistakesAreReportedAtOnceWithWhereTheyAre(@TempDir Path directory) throws IOException {
        Path file = write(
                directory,
                """
                millrace {
                  broker-id = -3
                  cluster { prot = 5, metadata-voters = [1, 2] }
                  segment-size = "much"
                }
                """);
        List<String> problems =
                problems(Optional.of(file), Map.of("MILLRACE_CLIENT_PORT", "70000"), Map.of("millrace.data-dir", ""));

        assertThat(problems).hasSize(6);
        assertThat(problems).anySatisfy(p -> assertThat(p)
                .contains("millrace.cluster.prot", "did you mean millrace.cluster.port?", "test.conf: 3"));
        assertThat(problems).anySatisfy(p -> assertThat(p).contains("millrace.broker-id", "-3", "test.conf: 2"));
        assertThat(problems).anySatisfy(p -> assertThat(p).contains("metadata-voters", "1, 3 or 5"));
        assertThat(problems).anySatisfy(p -> assertThat(p).contains("millrace.segment-size", "cannot be read"));
        assertThat(problems).anySatisfy(p -> assertThat(p)
                .contains("millrace.client.port", "70000", "environment variable MILLRACE_CLIENT_PORT"));
        assertThat(problems).anySatisfy(p -> assertThat(p).contains("millrace.data-dir", "-Dmillrace.data-dir"));
    }

    @ParameterizedTest
    @CsvSource({
        "millrace.broker-idd, millrace.broker-id",
        "broker-id, millrace.broker-id",
        "millrace.log-fiel, millrace.log-file",
        "millrace.heartbeat-interval, millrace.raft.heartbeat-interval",
    })
    void anUnknownKeyIsRefusedWithTheNearestOne(String given, String meant) {
        assertThat(problems(Optional.empty(), Map.of(), Map.of(given, "1")))
                .singleElement()
                .asString()
                .contains("unknown setting " + given, meant);
    }

    @Test
    void unknownVariablesOfOursAreRefusedAndOthersIgnored() {
        assertThat(problems(
                        Optional.empty(),
                        Map.of("MILLRACE_BROKERID", "1", "PATH", "/bin", "MILLRACE_HOME", "/opt"),
                        Map.of()))
                .singleElement()
                .asString()
                .contains("MILLRACE_BROKERID", "did you mean MILLRACE_BROKER_ID?");
    }

    @ParameterizedTest
    @CsvSource({
        "moves-per-broker, 0",
        "replica-replacement-delay, 0 s",
        "leader-balance.threshold-percent, 0",
        "leader-balance.moves-per-cycle, 0",
        "client.routers, 257",
    })
    void aValueOutOfItsRangeIsOneMistake(String key, String value) {
        assertThat(problems(Optional.empty(), Map.of(), Map.of("millrace." + key, value)))
                .singleElement()
                .asString()
                .contains("millrace." + key, "not between");
    }

    @ParameterizedTest
    @CsvSource({
        "flush-interval, 1 s",
        "compression.type, lz4",
        "compression.threshold, 0",
        "deduplication, on",
    })
    void aReservedSettingIsRefusedUnlessItKeepsItsDefault(String key, String value) {
        assertThat(problems(Optional.empty(), Map.of(), Map.of("millrace." + key, value)))
                .singleElement()
                .asString()
                .contains(key, "reserved");
    }

    @Test
    void aReservedSettingMayRepeatItsDefault() {
        load(Map.of("millrace.deduplication", "off", "millrace.flush-interval", "0 s"));
    }

    @ParameterizedTest
    @CsvSource({
        "millrace.max-message-size, 3 MiB, max-request-size",
        "millrace.max-request-size, 4 MiB, maximum-frame-size",
        "millrace.raft.append-size, 5 MiB, maximum-frame-size",
        "millrace.partition.proposal-size, 5 MiB, maximum-frame-size",
        "millrace.partition.fetch-size, 5 MiB, maximum-frame-size",
        "millrace.raft.heartbeat-interval, 2 s, election-timeout-min",
        "millrace.client.port, 2551, millrace.cluster",
        "millrace.http.port, 9092, another setting",
        "millrace.client.pending-bytes, 1 MiB, max-request-size",
        "millrace.client.connection-bytes, 1 MiB, max-request-size",
        "millrace.client.request-timeout-max, 1 s, request-timeout",
        "millrace.cluster.name, a b, 1 to 64",
        "millrace.cluster.seeds, nonsense, host:port",
        "millrace.cluster.metadata-voters, '1,1,2', twice",
        "millrace.broker-id, 2, metadata-voters",
    })
    void settingsThatContradictEachOtherAreRefused(String key, String value, String about) {
        assertThat(problems(Optional.empty(), Map.of(), Map.of(key, value)))
                .anySatisfy(problem -> assertThat(problem).contains(about));
    }

    @Test
    void aFileThatIsNotThereOrNotHoconIsAMistake(@TempDir Path directory) throws IOException {
        assertThat(problems(Optional.of(directory.resolve("no.conf")), Map.of(), Map.of()))
                .singleElement()
                .asString()
                .contains("cannot read the configuration file");
        assertThat(problems(Optional.of(write(directory, "millrace { broker-id = ")), Map.of(), Map.of()))
                .isNotEmpty();
    }

    @Test
    void settingsWithoutTheirSectionAreFoundInAFileToo(@TempDir Path directory) throws IOException {
        assertThat(problems(Optional.of(write(directory, "broker-id = 2")), Map.of(), Map.of()))
                .singleElement()
                .asString()
                .contains("unknown setting broker-id", "millrace.broker-id");
    }

    @Test
    void whatMillraceNeedsOfAkkaWinsOverTheLibrariesAndLosesToTheOperator() {
        Config akka = load(Map.of()).akka();

        assertThat(akka.getString("akka.persistence.journal.plugin")).isEqualTo("millrace.journal");
        assertThat(akka.getString("akka.cluster.sharding.passivation.strategy")).isEqualTo("none");
        assertThat(akka.getInt("akka.http.server.http2.min-collect-strict-entity-size"))
                .isEqualTo(1);
        assertThat(load(Map.of("akka.http.server.idle-timeout", "7 s"))
                        .akka()
                        .getDuration("akka.http.server.idle-timeout"))
                .isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    void systemPropertiesOfOursAreTaken() {
        Properties properties = new Properties();
        properties.setProperty("millrace.broker-id", "4");
        properties.setProperty("java.version", "17");

        assertThat(SettingsLoader.ofSystemProperties(properties)).containsExactly(Map.entry("millrace.broker-id", "4"));
    }

    private static BrokerSettings load(Map<String, String> overrides) {
        return SettingsLoader.load(Optional.empty(), Map.of(), overrides);
    }

    private static List<String> problems(
            Optional<Path> file, Map<String, String> environment, Map<String, String> overrides) {
        InvalidSettingsException thrown = catchThrowableOfType(
                InvalidSettingsException.class, () -> SettingsLoader.load(file, environment, overrides));
        return thrown.problems();
    }

    private static Path write(Path directory, String text) throws IOException {
        return Files.writeString(directory.resolve("test.conf"), text);
    }
}
