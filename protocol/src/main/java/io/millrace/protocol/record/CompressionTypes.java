package io.millrace.protocol.record;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which compressions a topic takes: what its setting {@link #SETTING} says.
 *
 * @param allowed at least one; {@link Compression#NONE} is one like the others
 */
public record CompressionTypes(Set<Compression> allowed) {
    /** The topic's setting: some of {@code none, gzip, snappy, lz4, zstd}, separated by commas. */
    public static final String SETTING = "compression.types";

    public static final CompressionTypes ANY = new CompressionTypes(EnumSet.allOf(Compression.class));

    /** Of those that are allowed, the one that costs the least comes first; none at all only where nothing else is. */
    private static final List<Compression> INSTEAD =
            List.of(Compression.LZ4, Compression.SNAPPY, Compression.ZSTD, Compression.GZIP, Compression.NONE);

    public CompressionTypes {
        if (allowed.isEmpty()) {
            throw new IllegalArgumentException("no compression is allowed, not even none");
        }
        allowed = Set.copyOf(allowed);
    }

    /**
     * What the setting says.
     *
     * @throws IllegalArgumentException with what it may say
     */
    public static CompressionTypes of(String setting) {
        Set<Compression> named = EnumSet.noneOf(Compression.class);
        for (String name : setting.split(",", -1)) {
            named.add(EnumSet.allOf(Compression.class).stream()
                    .filter(compression -> nameOf(compression).equals(name.strip()))
                    .findAny()
                    .orElseThrow(() -> new IllegalArgumentException(
                            SETTING + " is some of " + ANY + ", separated by commas, not " + setting)));
        }
        return new CompressionTypes(named);
    }

    public boolean allow(Compression compression) {
        return allowed.contains(compression);
    }

    /** The wanted one, or another in its place. */
    public Compression closestTo(Compression wanted) {
        return allow(wanted)
                ? wanted
                : INSTEAD.stream().filter(this::allow).findFirst().orElseThrow();
    }

    public static String nameOf(Compression compression) {
        return compression.name().toLowerCase(Locale.ROOT);
    }

    /** As the setting has it. */
    @Override
    public String toString() {
        return allowed.stream().sorted().map(CompressionTypes::nameOf).collect(Collectors.joining(","));
    }
}
