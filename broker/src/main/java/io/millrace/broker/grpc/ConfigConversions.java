package io.millrace.broker.grpc;

import io.millrace.broker.config.ConfiguredValue;
import io.millrace.broker.config.LiveSettings;
import io.millrace.controller.metadata.DynamicSettings;
import io.millrace.protocol.v1.AlterBrokerConfigRequest;
import io.millrace.protocol.v1.BrokerSetting;
import io.millrace.protocol.v1.DescribeBrokerConfigResponse;
import io.millrace.protocol.v1.GivenSettings;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** Settings of brokers, as the public API has them. */
final class ConfigConversions {
    private ConfigConversions() {}

    static OptionalInt broker(AlterBrokerConfigRequest request) {
        return request.hasBroker() ? OptionalInt.of(request.getBroker()) : OptionalInt.empty();
    }

    /** The later one of two names for one setting counts. */
    static Map<String, String> settings(AlterBrokerConfigRequest request) {
        return request.getSettingsMap().entrySet().stream()
                .collect(Collectors.toMap(
                        setting -> LiveSettings.keyOf(setting.getKey()), Map.Entry::getValue, (one, later) -> later));
    }

    static List<String> reset(AlterBrokerConfigRequest request) {
        return request.getResetSettingsList().stream().map(LiveSettings::keyOf).toList();
    }

    static DescribeBrokerConfigResponse describe(int broker, List<ConfiguredValue> settings, DynamicSettings given) {
        DescribeBrokerConfigResponse.Builder response =
                DescribeBrokerConfigResponse.newBuilder().setBroker(broker);
        settings.forEach(setting -> response.addSettings(BrokerSetting.newBuilder()
                .setKey(setting.key())
                .setValue(text(setting.value()))
                .setOrigin(BrokerSetting.Origin.valueOf(setting.origin().name()))
                .setWhere(setting.where().orElse(""))
                .setLive(setting.isLive())));
        given.byScope().forEach((scope, own) -> {
            GivenSettings.Builder one = GivenSettings.newBuilder().putAllSettings(own);
            scope.ifPresent(one::setBroker);
            response.addGiven(one);
        });
        return response.build();
    }

    private static String text(Object value) {
        return value instanceof Collection<?> list
                ? list.stream().map(String::valueOf).collect(Collectors.joining(","))
                : String.valueOf(value);
    }
}
