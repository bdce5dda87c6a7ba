package io.millrace.client;

import io.millrace.protocol.v1.GetHealthResponse;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;

/**
 * How one broker stands, as it says itself.
 *
 * @param status the worst of its problems
 * @param problems the worst first
 * @param leaders partitions that it leads
 * @param replicas that it should have
 * @param underReplicated of the partitions that it leads, and of those without leader that it speaks for: the brokers' numbers add up
 * @param lagEntriesMax log entries that the follower furthest behind lacks, of all partitions that it leads
 * @param diskFreeBytes if it has looked
 * @param diskReserveBytes what it keeps free
 */
public record BrokerHealth(
        int brokerId,
        String version,
        Status status,
        List<Problem> problems,
        int leaders,
        int replicas,
        int underReplicated,
        long lagEntriesMax,
        OptionalLong diskFreeBytes,
        long diskReserveBytes) {
    /** Takes a copy. */
    public BrokerHealth {
        problems = List.copyOf(problems);
    }

    /** How bad a problem is, or the worst of several. */
    public enum Status {
        /** There is none. */
        OK,
        /** Everything is served; less can go wrong than usual. */
        WARNING,
        /** Something is not served, or will not be without somebody who does something about it. */
        CRITICAL
    }

    /**
     * All that have the same problem.
     *
     * @param name such as {@code UNDER_REPLICATED}; later releases may have more of them
     * @param count of all that are affected
     * @param since when that broker saw the first of them, by its clock
     * @param affected the first of them
     */
    public record Problem(
            String name, Status severity, int count, Instant since, String whatToDo, List<Affected> affected) {
        /** Takes a copy. */
        public Problem {
            affected = List.copyOf(affected);
        }
    }

    /**
     * One that has a problem.
     *
     * @param subject a partition, a replica, a broker
     * @param since when that broker first saw it, by its clock; it may be older
     */
    public record Affected(String subject, String detail, Instant since) {}

    static BrokerHealth of(GetHealthResponse answer) {
        return new BrokerHealth(
                answer.getBrokerId(),
                answer.getVersion(),
                told(answer.getStatus()),
                answer.getProblemsList().stream().map(BrokerHealth::problem).toList(),
                answer.getLeaders(),
                answer.getReplicas(),
                answer.getUnderReplicated(),
                answer.getLagEntriesMax(),
                answer.getDiskFreeBytes() < 0 ? OptionalLong.empty() : OptionalLong.of(answer.getDiskFreeBytes()),
                answer.getDiskReserveBytes());
    }

    private static Problem problem(io.millrace.protocol.v1.Problem problem) {
        return new Problem(
                problem.getName(),
                told(problem.getSeverity()),
                problem.getCount(),
                Instant.ofEpochMilli(problem.getSinceMillis()),
                problem.getWhatToDo(),
                problem.getAffectedList().stream()
                        .map(one -> new Affected(
                                one.getSubject(), one.getDetail(), Instant.ofEpochMilli(one.getSinceMillis())))
                        .toList());
    }

    /** What a later release may have in addition is bad enough. */
    private static Status told(GetHealthResponse.Status status) {
        return switch (status) {
            case OK -> Status.OK;
            case WARNING -> Status.WARNING;
            case CRITICAL, UNRECOGNIZED -> Status.CRITICAL;
        };
    }
}
