package io.millrace.broker.health;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What one broker says is wrong.
 *
 * @param at when it looked
 * @param problems the worst first
 */
public record HealthReport(int brokerId, Instant at, Status status, List<Group> problems, Figures figures) {
    public HealthReport {
        problems = List.copyOf(problems);
    }

    /** The worst of its problems. */
    public enum Status {
        OK,
        WARNING,
        CRITICAL;

        static Status of(Optional<Problem.Severity> worst) {
            return worst.map(severity -> severity == Problem.Severity.CRITICAL ? CRITICAL : WARNING)
                    .orElse(OK);
        }
    }

    /**
     * All that have the same problem.
     *
     * @param count of all
     * @param since when the first of them was seen by this broker
     * @param affected the first of them; bounded
     */
    public record Group(
            Problem problem,
            Problem.Severity severity,
            int count,
            Instant since,
            String whatToDo,
            List<Affected> affected) {
        public Group {
            affected = List.copyOf(affected);
        }
    }

    /** @param since it was first seen by this broker; it may be older */
    public record Affected(String subject, String detail, Instant since) {}
}
