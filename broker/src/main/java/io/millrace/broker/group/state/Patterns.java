package io.millrace.broker.group.state;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;

/**
 * Regular expressions of members, which anybody may send. RE2/J matches in time linear in the text; but it writes counted repetitions out, and
 * those within others multiply: {@code ((a{1000}){1000}){1000}} takes all memory there is. So their counts are bounded.
 */
final class Patterns {
    private static final int KEPT_MAX = 1_000;
    private static final int REPETITIONS_MAX = 100;
    /** Finds those that mean something else too (in brackets, after a backslash): refusing some more does no harm. */
    private static final java.util.regex.Pattern COUNTED = java.util.regex.Pattern.compile("\\{(\\d+)(?:,(\\d*))?\\}");

    private final Map<String, Pattern> compiled = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Pattern> eldest) {
            return size() > KEPT_MAX;
        }
    };

    /** What is wrong with it; empty if nothing is. */
    static Optional<String> problemWith(String pattern) {
        BigInteger repetitions =
                COUNTED.matcher(pattern).results().map(Patterns::count).reduce(BigInteger.ONE, BigInteger::multiply);
        if (repetitions.compareTo(BigInteger.valueOf(REPETITIONS_MAX)) > 0) {
            return Optional.of("counted repetitions multiply to more than " + REPETITIONS_MAX);
        }
        try {
            Pattern unused = Pattern.compile(pattern);
            return Optional.empty();
        } catch (PatternSyntaxException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static BigInteger count(MatchResult counted) {
        BigInteger least = new BigInteger(counted.group(1));
        String most = counted.group(2);
        BigInteger count = most == null || most.isEmpty() ? least : least.max(new BigInteger(most));
        return count.max(BigInteger.ONE);
    }

    /** Whether it matches the whole name. */
    boolean matches(String pattern, String name) {
        return compiled.computeIfAbsent(pattern, Pattern::compile).matches(name);
    }
}
