package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.v1.AlterBrokerConfigRequest;
import io.millrace.protocol.v1.BrokerSetting;
import io.millrace.protocol.v1.DescribeBrokerConfigRequest;
import io.millrace.protocol.v1.DescribeBrokerConfigResponse;
import io.millrace.protocol.v1.ErrorReason;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Settings of a broker that are others while it runs. */
class BrokerConfigTest extends WithOneBroker {
    private static AlterBrokerConfigRequest.Builder config() {
        return AlterBrokerConfigRequest.newBuilder();
    }

    private static DescribeBrokerConfigResponse described() {
        return admin.describeBrokerConfig(DescribeBrokerConfigRequest.getDefaultInstance());
    }

    private static BrokerSetting setting(String key) {
        return described().getSettingsList().stream()
                .filter(setting -> setting.getKey().equals(key))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aLimitHoldsFromTheNextRequestOnAndUntilItIsUnset() {
        String topic = newTopicWith(Map.of());
        String key = "millrace.max-message-size";
        admin.alterBrokerConfig(config().putSettings(key, "2 KiB").build());
        assertThat(setting(key))
                .isEqualTo(BrokerSetting.newBuilder()
                        .setKey(key)
                        .setValue("2 KiB")
                        .setOrigin(BrokerSetting.Origin.DYNAMIC)
                        .setWhere("all brokers")
                        .setLive(true)
                        .build());
        Told told = failure(() -> messages.produce(records(topic, 0, value("x".repeat(3_000)))));
        assertThat(told.reason()).isEqualTo(ErrorReason.MESSAGE_TOO_LARGE);
        assertThat(told.data()).containsEntry("limit_bytes", "2048");

        int self = described().getBroker();
        admin.alterBrokerConfig(config().setBroker(self)
                .putSettings("max-message-size", "4 KiB")
                .build());
        messages.produce(records(topic, 0, value("x".repeat(3_000))));
        assertThat(described().getGivenList())
                .extracting(given -> given.getSettingsMap().toString())
                .containsExactly("{max-message-size=2 KiB}", "{max-message-size=4 KiB}");

        admin.alterBrokerConfig(
                config().setBroker(self).addResetSettings("max-message-size").build());
        admin.alterBrokerConfig(config().addResetSettings("max-message-size").build());
        messages.produce(records(topic, 0, value("x".repeat(5_000))));
        assertThat(described().getGivenList()).isEmpty();
        assertThat(setting(key).getOrigin()).isEqualTo(BrokerSetting.Origin.DEFAULT);
        assertThat(setting("millrace.client.port").getLive()).isFalse();
    }

    /** The broker registers again by itself. */
    @Test
    void theClusterHearsWhatABrokerCanCarryNow() throws Exception {
        admin.alterBrokerConfig(config().putSettings("capacity-percent", "250").build());
        awaitCapacity(250);
        admin.alterBrokerConfig(config().addResetSettings("capacity-percent").build());
        awaitCapacity(100);
    }

    private static void awaitCapacity(int percent) throws Exception {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        String page;
        do {
            page = broker.http("/api/v1/brokers").body();
            assertThat(System.nanoTime()).as(page).isLessThan(giveUp);
        } while (!page.contains("\"capacityPercent\" : " + percent));
    }

    @Test
    void whatCannotBeSetIsRefused() {
        assertThat(refusal(config().putSettings("client.port", "9"))).contains("client.port holds from one start");
        assertThat(refusal(config().putSettings("clinet.port", "9"))).contains("there is no setting clinet.port");
        assertThat(refusal(config().addResetSettings("clinet.port"))).contains("there is no setting clinet.port");
        assertThat(refusal(config().putSettings("moves-per-broker", "many"))).contains("moves-per-broker");
        assertThat(failure(() -> admin.alterBrokerConfig(config().setBroker(99)
                                .putSettings("moves-per-broker", "2")
                                .build()))
                        .reason())
                .isEqualTo(ErrorReason.UNKNOWN_BROKER);
        assertThat(described().getGivenList()).isEmpty();
    }

    private static String refusal(AlterBrokerConfigRequest.Builder request) {
        var thrown = org.assertj.core.api.Assertions.catchThrowableOfType(
                io.grpc.StatusRuntimeException.class, () -> admin.alterBrokerConfig(request.build()));
        assertThat(told(thrown).reason()).isEqualTo(ErrorReason.INVALID_REQUEST);
        return String.valueOf(thrown.getStatus().getDescription());
    }
}
