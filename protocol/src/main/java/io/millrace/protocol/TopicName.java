package io.millrace.protocol;

import java.util.Optional;

/**
 * The rules for a topic's name, which are Kafka's ({@code org.apache.kafka.common.internals.Topic}): a name is a directory
 * on disk, a part of URLs and of metric names.
 */
public final class TopicName {
    public static final int LENGTH_MAX = 249;

    /** Names that begin so belong to the system, which keeps its own state in topics. */
    public static final String INTERNAL_PREFIX = "__";

    /** Where brokers keep what they know of consumer groups. */
    public static final String GROUPS = "__groups";

    private TopicName() {}

    /** What is wrong with the name, as a sentence for the user; empty if nothing is. Internal names are valid. */
    public static Optional<String> problemWith(String name) {
        if (name.isEmpty()) {
            return Optional.of("a topic name must not be empty");
        }
        if (name.length() > LENGTH_MAX) {
            return Optional.of("a topic name has at most " + LENGTH_MAX + " characters, this one has " + name.length());
        }
        if (name.equals(".") || name.equals("..")) {
            return Optional.of("a topic must not be named '.' or '..'");
        }
        for (int i = 0; i < name.length(); i++) {
            if (!isAllowed(name.charAt(i))) {
                return Optional.of("a topic name consists of ASCII letters, digits, '.', '_' and '-', not "
                        + shown(name.codePointAt(i)) + " at index " + i);
            }
        }
        return Optional.empty();
    }

    /** As {@link #problemWith}, for a topic that a user asks to create: internal names are refused too. */
    public static Optional<String> problemWithCreating(String name) {
        Optional<String> problem = problemWith(name);
        if (problem.isEmpty() && isInternal(name)) {
            return Optional.of("topic names that begin with '" + INTERNAL_PREFIX + "' are reserved: '" + name + "'");
        }
        return problem;
    }

    public static boolean isInternal(String name) {
        return name.startsWith(INTERNAL_PREFIX);
    }

    /** The code and not the character unless that is harmless: this goes to terminals and logs. */
    private static String shown(int codePoint) {
        return codePoint >= ' ' && codePoint <= '~'
                ? "'" + Character.toString(codePoint) + "'"
                : String.format("U+%04X", codePoint);
    }

    private static boolean isAllowed(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '.'
                || c == '_'
                || c == '-';
    }
}
