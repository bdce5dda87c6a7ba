package io.millrace.controller.metadata;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Settings of brokers that are changed while they run: each by its key below {@code millrace}, as it was given. What they mean, and
 * which there are, brokers know.
 *
 * @param byBroker those of each broker, and under {@link #ALL} those of all; what a broker has of its own goes before
 */
public record DynamicSettings(NavigableMap<Integer, NavigableMap<String, String>> byBroker) {
    /** In the place of a broker's id. The log of the metadata has it: never change it. */
    static final int ALL = -1;

    public static final DynamicSettings NONE = new DynamicSettings(new TreeMap<>());

    public DynamicSettings {
        NavigableMap<Integer, NavigableMap<String, String>> copy = new TreeMap<>();
        byBroker.forEach((broker, settings) -> {
            if (!settings.isEmpty()) {
                copy.put(broker, Collections.unmodifiableNavigableMap(new TreeMap<>(settings)));
            }
        });
        byBroker = Collections.unmodifiableNavigableMap(copy);
    }

    /**
     * Those that were given to one broker, or to all.
     *
     * @param broker empty: all
     */
    public NavigableMap<String, String> givenTo(OptionalInt broker) {
        return byBroker.getOrDefault(broker.orElse(ALL), Collections.emptyNavigableMap());
    }

    /** All that were given, and to whom; under empty those of all brokers, which come first. */
    public Map<OptionalInt, NavigableMap<String, String>> byScope() {
        Map<OptionalInt, NavigableMap<String, String>> scopes = new LinkedHashMap<>();
        byBroker.forEach((broker, settings) ->
                scopes.put(broker == ALL ? OptionalInt.empty() : OptionalInt.of(broker), settings));
        return scopes;
    }

    /** Those that hold for one: its own, and of those of all what it has not. */
    public NavigableMap<String, String> of(int broker) {
        NavigableMap<String, String> settings = new TreeMap<>(givenTo(OptionalInt.empty()));
        settings.putAll(givenTo(OptionalInt.of(broker)));
        return settings;
    }

    /** All that any broker may have: those of all, and with them those of each. */
    public List<NavigableMap<String, String>> combinations() {
        return Stream.concat(Stream.of(ALL), byBroker.keySet().stream())
                .distinct()
                .map(this::of)
                .toList();
    }

    /** @param broker empty: all */
    public DynamicSettings with(OptionalInt broker, NavigableMap<String, String> settings) {
        NavigableMap<Integer, NavigableMap<String, String>> after = new TreeMap<>(byBroker);
        after.put(broker.orElse(ALL), settings);
        return new DynamicSettings(after);
    }

    /**
     * Settings after a change.
     *
     * @throws IllegalArgumentException if one is both set and reset; the message says so to who gave them
     */
    public static NavigableMap<String, String> altered(
            Map<String, String> before, Map<String, String> set, Collection<String> reset) {
        NavigableMap<String, String> after = new TreeMap<>(before);
        for (String name : reset) {
            if (set.containsKey(name)) {
                throw new IllegalArgumentException(name + " cannot be both set and reset");
            }
            after.remove(name);
        }
        after.putAll(set);
        return after;
    }
}
