package io.millrace.broker.management;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.millrace.broker.Failure;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** What is logged, from now until the process ends. All brokers of one process share it. */
final class Loggers {
    private static final List<String> LEVELS = List.of("OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE");
    private static final String INHERIT = "INHERIT";

    private Loggers() {}

    record Page(List<String> levels, List<Entry> loggers) {}

    /** @param level what holds for it and all below that have none of their own */
    record Entry(String logger, String level) {}

    /** @param level one of those of the page, or INHERIT for that of the next logger above */
    record Change(
            @JsonProperty(value = "logger", required = true) @Nullable String logger,
            @JsonProperty(value = "level", required = true) @Nullable String level) {}

    /** Those that have a level of their own. */
    static Page page() {
        return new Page(
                LEVELS,
                context().getLoggerList().stream()
                        .filter(logger -> logger.getLevel() != null)
                        .map(logger ->
                                new Entry(logger.getName(), logger.getLevel().toString()))
                        .toList());
    }

    static Page change(Change change) {
        String name = Optional.ofNullable(change.logger()).orElse("");
        String level = Optional.ofNullable(change.level()).orElse("").toUpperCase(Locale.ROOT);
        boolean isRoot = name.equalsIgnoreCase(Logger.ROOT_LOGGER_NAME);
        if (!LEVELS.contains(level) && !level.equals(INHERIT)) {
            throw new Failure.InvalidRequest(
                            "level",
                            "is one of " + String.join(", ", LEVELS) + ", " + INHERIT + ", not '" + level + "'")
                    .asException();
        } else if (isRoot && level.equals(INHERIT)) {
            throw new Failure.InvalidRequest("level", "ROOT has no logger above it").asException();
        } else if (!isRoot && !isKnown(name)) {
            throw new Errors.Refused(
                    404, "UNKNOWN_LOGGER", "nothing logs as '" + name + "', and nothing below it, in this process");
        }
        context()
                .getLogger(isRoot ? Logger.ROOT_LOGGER_NAME : name)
                .setLevel(level.equals(INHERIT) ? null : Level.toLevel(level));
        LoggerFactory.getLogger(Loggers.class).info("The level of logger {} is {} from now on", name, level);
        return page();
    }

    /** A misspelt name would never log anything, and stay for ever. */
    private static boolean isKnown(String name) {
        return !name.isEmpty()
                && context().getLoggerList().stream()
                        .map(Logger::getName)
                        .anyMatch(known -> known.equals(name) || known.startsWith(name + "."));
    }

    private static LoggerContext context() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            return context;
        }
        throw new Errors.Refused(501, "NOT_SUPPORTED", "this process logs with something else than Logback");
    }
}
