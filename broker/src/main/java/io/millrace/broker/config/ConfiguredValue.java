package io.millrace.broker.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigValue;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One setting as it holds, and who said so.
 *
 * @param value text, a number, a truth value or a list
 * @param where more exactly: file and line, variable, key, whose
 */
public record ConfiguredValue(String key, Object value, Origin origin, Optional<String> where) {
    /** Nothing of Millrace's own is secret; a library's setting may be. */
    private static final Pattern SECRET = Pattern.compile(".*(password|secret|passphrase|credential|api-key|token).*");

    /** The later ones win. */
    public enum Origin {
        DEFAULT,
        FILE,
        ENVIRONMENT,
        COMMAND_LINE,
        /** Changed while brokers run, for this one or all. */
        DYNAMIC,
        /** Follows from other settings, and cannot be set. */
        DERIVED
    }

    /** All of ours, and of the libraries' those that somebody has set; by key. */
    public static List<ConfiguredValue> allOf(Config config) {
        return config.entrySet().stream()
                .map(ConfiguredValue::of)
                .filter(setting -> setting.key().startsWith("millrace.")
                        || setting.origin() == Origin.FILE
                        || (setting.origin() == Origin.COMMAND_LINE
                                && setting.where()
                                        .filter(w -> w.startsWith("-D"))
                                        .isPresent()))
                .sorted(Comparator.comparing(ConfiguredValue::key))
                .toList();
    }

    /** Whether it can be changed without a restart. */
    public boolean isLive() {
        return LiveSettings.isLive(key);
    }

    private static ConfiguredValue of(Map.Entry<String, ConfigValue> entry) {
        String key = entry.getKey();
        ConfigOrigin origin = entry.getValue().origin();
        String description = origin.description();
        Object value = SECRET.matcher(key.toLowerCase(Locale.ROOT)).matches()
                ? "(not shown)"
                : entry.getValue().unwrapped();
        if (description.startsWith(SettingsLoader.ORIGIN_ENVIRONMENT)) {
            return new ConfiguredValue(
                    key,
                    value,
                    Origin.ENVIRONMENT,
                    Optional.of(description.substring(SettingsLoader.ORIGIN_ENVIRONMENT.length())));
        } else if (description.startsWith(SettingsLoader.ORIGIN_COMMAND_LINE)) {
            return new ConfiguredValue(key, value, Origin.COMMAND_LINE, Optional.of(description));
        } else if (description.startsWith(LiveSettings.ORIGIN)) {
            return new ConfiguredValue(
                    key, value, Origin.DYNAMIC, Optional.of(description.substring(LiveSettings.ORIGIN.length())));
        } else if (description.startsWith(AkkaOverlay.ORIGIN)) {
            return new ConfiguredValue(key, value, Origin.DERIVED, Optional.empty());
        }
        return isBuiltIn(origin)
                ? new ConfiguredValue(key, value, Origin.DEFAULT, Optional.empty())
                : new ConfiguredValue(
                        key, value, Origin.FILE, Optional.of(origin.filename() + ":" + origin.lineNumber()));
    }

    /** A file of the operator's is read as a file, by its name; ours are resources. */
    private static boolean isBuiltIn(ConfigOrigin origin) {
        return origin.filename() == null || origin.filename().endsWith("reference.conf");
    }
}
