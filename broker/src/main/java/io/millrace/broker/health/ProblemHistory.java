package io.millrace.broker.health;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Since when each problem is there, from one look to the next. */
final class ProblemHistory {
    static final int AFFECTED_MAX = 100;

    private record Key(Problem problem, String subject) {}

    private Map<Key, Instant> since = Map.of();

    /** @param findings all that there are now; at most one for each problem and subject */
    HealthReport report(int brokerId, Instant now, List<Finding> findings, Figures figures) {
        Map<Key, Instant> next = new HashMap<>();
        Map<Problem, List<HealthReport.Affected>> byProblem = new EnumMap<>(Problem.class);
        for (Finding finding : findings) {
            Key key = new Key(finding.problem(), finding.subject());
            Instant first = since.getOrDefault(key, now);
            next.put(key, first);
            byProblem
                    .computeIfAbsent(finding.problem(), problem -> new ArrayList<>())
                    .add(new HealthReport.Affected(finding.subject(), finding.detail(), first));
        }
        since = next;
        List<HealthReport.Group> groups = new ArrayList<>();
        byProblem.forEach((problem, affected) -> groups.add(group(problem, affected)));
        groups.sort(Comparator.comparing(HealthReport.Group::severity)
                .reversed()
                .thenComparing(HealthReport.Group::problem));
        Optional<Problem.Severity> worst = groups.stream().findFirst().map(HealthReport.Group::severity);
        return new HealthReport(brokerId, now, HealthReport.Status.of(worst), groups, figures);
    }

    private static HealthReport.Group group(Problem problem, List<HealthReport.Affected> affected) {
        Instant first = affected.stream()
                .map(HealthReport.Affected::since)
                .min(Comparator.naturalOrder())
                .orElseThrow();
        return new HealthReport.Group(
                problem,
                problem.severity(),
                affected.size(),
                first,
                problem.whatToDo(),
                affected.subList(0, Math.min(AFFECTED_MAX, affected.size())));
    }
}
