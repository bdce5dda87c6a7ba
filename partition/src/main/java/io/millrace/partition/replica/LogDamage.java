package io.millrace.partition.replica;

import io.millrace.partition.log.LogCorruptedException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Tells damage of a log from other reasons why a read of it failed. */
public final class LogDamage {
    private LogDamage() {}

    /** What is damaged; empty if nothing is. */
    public static Optional<String> in(@Nullable Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof LogCorruptedException damage) {
                return Optional.ofNullable(damage.getMessage());
            }
        }
        return Optional.empty();
    }
}
