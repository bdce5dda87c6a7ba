package io.millrace.client;

import io.millrace.protocol.v1.BrokerSetting;
import io.millrace.protocol.v1.DescribeBrokerConfigResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * How a broker is configured.
 *
 * @param broker whose settings these are
 * @param settings as they hold now, by key
 * @param given what was given while brokers run, as that one knows it: to one broker, or under empty to all that have none of their own
 */
public record BrokerConfig(int broker, List<Setting> settings, Map<OptionalInt, NavigableMap<String, String>> given) {
    /** Takes copies. */
    public BrokerConfig {
        settings = List.copyOf(settings);
        given = new LinkedHashMap<>(given);
    }

    /**
     * One setting.
     *
     * @param origin who said so: DEFAULT, FILE, ENVIRONMENT, COMMAND_LINE, DYNAMIC or DERIVED, from other settings
     * @param where more exactly: file and line, variable, key, whose; empty for defaults
     * @param live whether it can be changed while the broker runs
     */
    public record Setting(String key, String value, String origin, String where, boolean live) {}

    static BrokerConfig of(DescribeBrokerConfigResponse told) {
        Map<OptionalInt, NavigableMap<String, String>> given = new LinkedHashMap<>();
        told.getGivenList()
                .forEach(one -> given.put(
                        one.hasBroker() ? OptionalInt.of(one.getBroker()) : OptionalInt.empty(),
                        new TreeMap<>(one.getSettingsMap())));
        return new BrokerConfig(
                told.getBroker(),
                told.getSettingsList().stream().map(BrokerConfig::setting).toList(),
                given);
    }

    private static Setting setting(BrokerSetting told) {
        return new Setting(told.getKey(), told.getValue(), told.getOrigin().name(), told.getWhere(), told.getLive());
    }
}
