package io.millrace.broker.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.controller.metadata.DynamicSettings;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LiveSettingsTest {
    private final BrokerSettings started = SettingsLoader.load(
            Optional.empty(), Map.of(), Map.of("millrace.moves-per-broker", "4", "millrace.max-request-size", "1 MiB"));
    private DynamicSettings given = DynamicSettings.NONE;
    private final LiveSettings live = new LiveSettings(started, () -> given);

    private void give(OptionalInt broker, Map<String, String> settings) {
        given = given.with(broker, new TreeMap<>(settings));
    }

    private ConfiguredValue value(String key) {
        return ConfiguredValue.allOf(live.get().akka()).stream()
                .filter(value -> value.key().equals(key))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void whatWasStartedWithHoldsUntilSomethingIsGiven() {
        assertThat(live.get()).isSameAs(started);
        give(OptionalInt.of(2), Map.of("moves-per-broker", "9"));
        assertThat(live.get()).as("another broker's").isSameAs(started);
    }

    @Test
    void whatIsGivenToTheBrokerGoesBeforeWhatIsGivenToAllAndThatBeforeWhatItWasStartedWith() {
        give(OptionalInt.empty(), Map.of("moves-per-broker", "7", "replica-replacement-delay", "30 minutes"));
        assertThat(live.controller().moves().perBrokerMax()).isEqualTo(7);
        assertThat(live.controller().moves().replacementDelay()).isEqualTo(Duration.ofMinutes(30));
        assertThat(value("millrace.moves-per-broker").origin()).isEqualTo(ConfiguredValue.Origin.DYNAMIC);
        assertThat(value("millrace.moves-per-broker").where()).contains("all brokers");

        give(OptionalInt.of(1), Map.of("moves-per-broker", "8"));
        assertThat(live.controller().moves().perBrokerMax()).isEqualTo(8);
        assertThat(value("millrace.moves-per-broker").where()).contains("broker 1");

        give(OptionalInt.of(1), Map.of());
        give(OptionalInt.empty(), Map.of("leader-balance.enabled", "off"));
        assertThat(live.controller().moves().perBrokerMax()).isEqualTo(4);
        assertThat(value("millrace.moves-per-broker").origin()).isEqualTo(ConfiguredValue.Origin.COMMAND_LINE);
        assertThat(live.controller().leaderBalance()).isEmpty();
    }

    @Test
    void whatDoesNotGoWithItsOwnConfigurationIsNotTaken() {
        give(OptionalInt.empty(), Map.of("moves-per-broker", "7"));
        assertThat(live.get().moves().perBrokerMax()).isEqualTo(7);
        give(OptionalInt.empty(), Map.of("moves-per-broker", "8", "max-message-size", "2 MiB"));
        assertThat(live.get().moves().perBrokerMax()).isEqualTo(7);
        give(OptionalInt.empty(), Map.of("moves-per-broker", "8"));
        assertThat(live.get().moves().perBrokerMax()).isEqualTo(8);
    }

    @Test
    void whatThisVersionCannotChangeIsNotLookedAt() {
        give(OptionalInt.empty(), Map.of("client.port", "1", "not-invented-yet", "2", "moves-per-broker", "8"));
        assertThat(live.get().moves().perBrokerMax()).isEqualTo(8);
        assertThat(live.get().frontDoor().address().port()).isEqualTo(9092);
    }

    @Test
    void aSettingThatNeedsARestartSaysWhereItBelongs() {
        assertThat(live.problemWithName("moves-per-broker")).isEmpty();
        assertThat(live.problemWithName("client.port"))
                .contains("client.port holds from one start of a broker to the next: set millrace.client.port in its"
                        + " configuration file, as MILLRACE_CLIENT_PORT or as -Dmillrace.client.port, and start it"
                        + " again");
        assertThat(live.problemWithName("client").orElseThrow()).startsWith("there is no setting client of brokers");
        assertThat(live.problemWithName("moves").orElseThrow())
                .startsWith(
                        "there is no setting moves of brokers; those that can be changed while they run are capacity-percent,");
    }

    @Test
    void aValueIsCheckedAsWhenABrokerStarts() {
        assertThat(live.problemWith(Map.of("moves-per-broker", "8"))).isEmpty();
        assertThat(live.problemWith(Map.of("moves-per-broker", "0")))
                .contains("millrace.moves-per-broker is 0, not between 1 and 1000 (dynamic, for brokers)");
        assertThat(live.problemWith(Map.of("retention-time", "soon")).orElseThrow())
                .startsWith("millrace.retention-time cannot be read");
        assertThat(live.problemWith(Map.of("max-message-size", "2 MiB")).orElseThrow())
                .contains("max-request-size is smaller");
    }

    @Test
    void whatCanBeChangedIsThere() {
        assertThat(ConfiguredValue.allOf(started.akka()).stream()
                        .filter(ConfiguredValue::isLive)
                        .map(ConfiguredValue::key))
                .hasSize(19)
                .contains("millrace.follower-read")
                .doesNotContain("millrace.broker-id");
    }
}
