package io.millrace.broker.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Lays the sources of settings over each other, and refuses what none of them can mean: unknown keys, unreadable files.
 */
public final class SettingsLoader {
    private static final String ROOT = "millrace";
    private static final String ENVIRONMENT_PREFIX = "MILLRACE_";
    /** How origins of values begin, before the variable or the key. */
    static final String ORIGIN_ENVIRONMENT = "environment variable ";

    static final String ORIGIN_COMMAND_LINE = "-D";
    /** Variables of that prefix that are no settings: those of the launcher ({@code bin/millrace}) and of the client. */
    private static final Pattern NOT_A_SETTING =
            Pattern.compile("MILLRACE_(HOME|JAVA_OPTS|SKIP_BUILD|BOOTSTRAP|QUICKSTART_.*)");

    private final List<String> problems = new ArrayList<>();
    private final Config reference = ConfigFactory.defaultReference();
    /** All leaves below {@code millrace}, by key, with their defaults. */
    private final Map<String, ConfigValue> known = new TreeMap<>();

    private SettingsLoader() {
        reference.getConfig(ROOT).entrySet().forEach(entry -> known.put(ROOT + "." + entry.getKey(), entry.getValue()));
    }

    /**
     * Reads and checks everything.
     *
     * @param file of {@code --config}
     * @param environment all variables; only those of ours are looked at
     * @param overrides of {@code -Dkey=value}
     * @throws InvalidSettingsException with every mistake
     */
    public static BrokerSettings load(
            Optional<Path> file, Map<String, String> environment, Map<String, String> overrides) {
        SettingsLoader loader = new SettingsLoader();
        Config merged = loader.merge(file, environment, overrides);
        return SettingsReader.read(merged, loader.problems);
    }

    /** Those of the JVM's own system properties that are settings, as {@code java -Dmillrace.x=y} gives them. */
    public static Map<String, String> ofSystemProperties(Properties properties) {
        Map<String, String> ours = new TreeMap<>();
        for (String name : properties.stringPropertyNames()) {
            if (name.startsWith(ROOT + ".") || name.startsWith("akka.")) {
                ours.put(name, properties.getProperty(name));
            }
        }
        return ours;
    }

    private Config merge(Optional<Path> file, Map<String, String> environment, Map<String, String> overrides) {
        Config fromFile = file.map(this::parseFile).orElse(ConfigFactory.empty());
        checkKeys(fromFile);
        try {
            return fromOverrides(overrides)
                    .withFallback(fromEnvironment(environment))
                    .withFallback(fromFile)
                    .withFallback(ownReferences())
                    .withFallback(reference)
                    .resolve();
        } catch (ConfigException e) {
            problems.add(String.valueOf(e.getMessage()));
            throw new InvalidSettingsException(problems);
        }
    }

    /**
     * Our modules' {@code reference.conf} once more, over those of the libraries: they change some of Akka's defaults, and among
     * files of that name the order on the class path would decide who wins.
     */
    private Config ownReferences() {
        Config own = ConfigFactory.empty();
        try {
            for (URL url :
                    Collections.list(SettingsLoader.class.getClassLoader().getResources("reference.conf"))) {
                Config one = ConfigFactory.parseURL(url);
                if (one.hasPath(ROOT)) {
                    own = own.withFallback(one);
                }
            }
        } catch (IOException e) {
            problems.add("cannot read the built-in defaults: " + e.getMessage());
        }
        return own;
    }

    private Config parseFile(Path file) {
        if (!Files.isReadable(file)) {
            problems.add("cannot read the configuration file " + file);
            return ConfigFactory.empty();
        }
        try {
            return ConfigFactory.parseFile(
                    file.toFile(), ConfigParseOptions.defaults().setAllowMissing(false));
        } catch (ConfigException e) {
            problems.add(String.valueOf(e.getMessage()));
            return ConfigFactory.empty();
        }
    }

    /** Of the file: everything below {@code millrace} must be known, everything else must be a library's. */
    private void checkKeys(Config config) {
        config.root().forEach((root, value) -> {
            if (root.equals(ROOT)) {
                checkBelow(ROOT, value);
            } else if (!reference.root().containsKey(root)) {
                problems.add(unknown(root, value.origin().description()));
            }
        });
    }

    private void checkBelow(String key, ConfigValue value) {
        if (known.containsKey(key)) {
            return; // Of the right type or not: the reader says so.
        }
        boolean isSection = known.keySet().stream().anyMatch(k -> k.startsWith(key + "."));
        if (value.valueType() == ConfigValueType.OBJECT && (isSection || hasEntries(value))) {
            ((com.typesafe.config.ConfigObject) value)
                    .forEach((name, child) ->
                            checkBelow(key + "." + ConfigUtil.quoteString(name).replaceAll("^\"|\"$", ""), child));
        } else if (isSection) {
            problems.add(key + " is a section, not a setting (" + value.origin().description() + ")");
        } else {
            problems.add(unknown(key, value.origin().description()));
        }
    }

    private static boolean hasEntries(ConfigValue value) {
        return !((com.typesafe.config.ConfigObject) value).isEmpty();
    }

    private Config fromEnvironment(Map<String, String> environment) {
        Map<String, String> keyOf = new TreeMap<>();
        known.keySet().forEach(key -> keyOf.put(variableOf(key), key));
        Config config = ConfigFactory.empty();
        for (Map.Entry<String, String> entry : new TreeMap<>(environment).entrySet()) {
            String variable = entry.getKey();
            if (!variable.startsWith(ENVIRONMENT_PREFIX)
                    || NOT_A_SETTING.matcher(variable).matches()) {
                continue;
            }
            String origin = ORIGIN_ENVIRONMENT + variable;
            String key = keyOf.get(variable);
            if (key == null) {
                problems.add("unknown " + origin + didYouMean(variable, keyOf.keySet()));
            } else {
                config = config.withValue(key, parse(known.get(key), entry.getValue(), origin));
            }
        }
        return config;
    }

    private Config fromOverrides(Map<String, String> overrides) {
        Config config = ConfigFactory.empty();
        for (Map.Entry<String, String> entry : new TreeMap<>(overrides).entrySet()) {
            String key = entry.getKey();
            String origin = ORIGIN_COMMAND_LINE + key;
            boolean ours = key.equals(ROOT) || key.startsWith(ROOT + ".");
            if (ours ? !known.containsKey(key) : !isOfALibrary(key)) {
                problems.add(unknown(key, origin));
            } else {
                config = config.withValue(key, parse(known.get(key), entry.getValue(), origin));
            }
        }
        return config;
    }

    private boolean isOfALibrary(String key) {
        int dot = key.indexOf('.');
        return dot > 0 && reference.root().containsKey(key.substring(0, dot));
    }

    /** Text for a setting that is a list is {@code a,b,c} or {@code [a, b, c]}; everything else stays text. */
    private static ConfigValue parse(
            @org.jspecify.annotations.Nullable ConfigValue example, String text, String origin) {
        if (!(example instanceof ConfigList)) {
            return ConfigValueFactory.fromAnyRef(text, origin);
        }
        String trimmed = text.strip();
        String inner =
                trimmed.startsWith("[") && trimmed.endsWith("]") ? trimmed.substring(1, trimmed.length() - 1) : trimmed;
        List<String> items = Arrays.stream(inner.split(",", -1))
                .map(String::strip)
                .filter(item -> !item.isEmpty())
                .map(item -> item.startsWith("\"") && item.endsWith("\"") && item.length() > 1
                        ? item.substring(1, item.length() - 1)
                        : item)
                .toList();
        return ConfigValueFactory.fromIterable(items, origin);
    }

    static String variableOf(String key) {
        return key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    private String unknown(String key, String origin) {
        return "unknown setting " + key + " (" + origin + ")" + didYouMean(key, known.keySet());
    }

    private static String didYouMean(String given, Iterable<String> candidates) {
        // A key without its section, or with another one, is the most common slip; then misspelling.
        String lastPart = given.substring(given.lastIndexOf('.') + 1);
        TreeSet<String> sameName = new TreeSet<>();
        Optional<String> nearest = Optional.empty();
        int distanceMin = Math.max(2, given.length() / 5) + 1;
        for (String candidate : candidates) {
            if (candidate.endsWith("." + lastPart)) {
                sameName.add(candidate);
            }
            int distance = distance(given, candidate);
            if (distance < distanceMin) {
                distanceMin = distance;
                nearest = Optional.of(candidate);
            }
        }
        if (nearest.isPresent()) {
            return ": did you mean " + nearest.get() + "?";
        }
        return sameName.isEmpty() ? "" : ": did you mean " + String.join(" or ", sameName) + "?";
    }

    /** Levenshtein's. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int above = row[j];
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(substituted, 1 + Math.min(above, row[j - 1]));
                diagonal = above;
            }
        }
        return row[b.length()];
    }
}
