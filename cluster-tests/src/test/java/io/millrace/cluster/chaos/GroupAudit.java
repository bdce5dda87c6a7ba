package io.millrace.cluster.chaos;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Compares what the members of a group wrote down with what producers sent. All members are on one machine, whose monotonic clock
 * orders what they did.
 */
final class GroupAudit {
    private static final int EXAMPLES_MAX = 10;

    /** What a member does. */
    enum Kind {
        /** It has been given the partition. */
        BEGAN,
        /** A record, with its number; written before it is handled any further. */
        HANDLED,
        /** Everything before the offset, and knows so. */
        COMMITTED,
        /** It has let go of the partition, and committed what it has handled. */
        RELEASED,
        /** It had to let go of the partition, or could not commit. */
        LOST
    }

    /** A line of a member's log. */
    record Event(Kind kind, long nanos, int partition, long offset, long number) {
        static final long NONE = -1;

        String line() {
            return kind + " " + nanos + " " + partition + " " + offset + " " + number;
        }

        static Event parse(String line) {
            String[] parts = line.split(" ", -1);
            return new Event(
                    Kind.valueOf(parts[0]),
                    Long.parseLong(parts[1]),
                    Integer.parseInt(parts[2]),
                    Long.parseLong(parts[3]),
                    Long.parseLong(parts[4]));
        }
    }

    /**
     * @param handled records, each once
     * @param again how often a record was handled that had been before: allowed, if nobody knew
     * @param missed acknowledged, and handled by nobody
     * @param changed not what was sent, or not where it was acknowledged
     * @param disordered records that did not follow the one before, with the same owner
     * @param committedAgain records that were handled again although a commit beyond them had succeeded
     * @param commits that succeeded
     * @param released partitions that were handed over in order
     * @param lost partitions that were not
     * @param problems examples, in words; empty if all is well
     */
    record Findings(
            int handled,
            int again,
            int missed,
            int changed,
            int disordered,
            int committedAgain,
            int commits,
            int released,
            int lost,
            List<String> problems) {
        boolean isWell() {
            return missed == 0 && changed == 0 && disordered == 0 && committedAgain == 0;
        }
    }

    private final List<Sent> sent;
    private final List<BitSet> handled = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private int lines;
    private int changed;
    private int disordered;

    private GroupAudit(List<Sent> sent) {
        this.sent = sent;
        sent.forEach(each -> handled.add(new BitSet()));
    }

    /**
     * @param sent by partition
     * @param members what each process wrote down, in order
     */
    static Findings of(List<Sent> sent, List<List<Event>> members) {
        GroupAudit audit = new GroupAudit(sent);
        members.forEach(audit::follow);
        List<Event> all = members.stream()
                .flatMap(List::stream)
                .sorted(Comparator.comparingLong(Event::nanos))
                .toList();
        return new Findings(
                audit.handled.stream().mapToInt(BitSet::cardinality).sum(),
                audit.lines
                        - audit.handled.stream().mapToInt(BitSet::cardinality).sum(),
                audit.missed(),
                audit.changed,
                audit.disordered,
                audit.committedAgain(all),
                count(all, Kind.COMMITTED),
                count(all, Kind.RELEASED),
                count(all, Kind.LOST),
                List.copyOf(audit.problems));
    }

    /** How many records were acknowledged and not handled, or not yet. */
    static int missing(List<Sent> sent, List<List<Event>> members) {
        GroupAudit audit = new GroupAudit(sent);
        members.forEach(audit::follow);
        return audit.missed();
    }

    private static int count(List<Event> events, Kind kind) {
        return (int) events.stream().filter(event -> event.kind() == kind).count();
    }

    private void follow(List<Event> member) {
        Map<Integer, Long> next = new HashMap<>();
        for (Event event : member) {
            int partition = event.partition();
            if (event.kind() == Kind.BEGAN) {
                next.remove(partition);
            } else if (event.kind() == Kind.HANDLED) {
                Long expected = next.put(partition, event.offset() + 1);
                if (expected != null && expected != event.offset()) {
                    disordered++;
                    problem("in partition " + partition + " offset " + event.offset() + " follows " + (expected - 1));
                }
                check(event);
            }
        }
    }

    private void check(Event event) {
        Sent values = sent.get(event.partition());
        boolean ours = event.number() >= 0 && event.number() < values.count();
        OptionalLong acknowledged = ours ? values.offsetOf((int) event.number()) : OptionalLong.empty();
        if (!ours || (acknowledged.isPresent() && acknowledged.getAsLong() != event.offset())) {
            changed++;
            problem("the record at offset " + event.offset() + " of partition " + event.partition()
                    + " is not the one that was acknowledged there");
        }
        lines++;
        handled.get(event.partition()).set((int) event.offset());
    }

    private int missed() {
        int missed = 0;
        for (int partition = 0; partition < sent.size(); partition++) {
            Sent values = sent.get(partition);
            for (int number = 0; number < values.count(); number++) {
                OptionalLong offset = values.offsetOf(number);
                if (offset.isPresent() && !handled.get(partition).get((int) offset.getAsLong())) {
                    missed++;
                    problem("nobody has handled offset " + offset.getAsLong() + " of partition " + partition);
                }
            }
        }
        return missed;
    }

    private int committedAgain(List<Event> inTime) {
        int again = 0;
        Map<Integer, Long> committed = new HashMap<>();
        for (Event event : inTime) {
            int partition = event.partition();
            if (event.kind() == Kind.COMMITTED) {
                committed.merge(partition, event.offset(), Math::max);
            } else if (event.kind() == Kind.HANDLED && event.offset() < committed.getOrDefault(partition, 0L)) {
                again++;
                problem("offset " + event.offset() + " of partition " + partition + " was handled after "
                        + committed.get(partition) + " had been committed");
            }
        }
        return again;
    }

    private void problem(String what) {
        if (problems.size() < EXAMPLES_MAX) {
            problems.add(what);
        }
    }
}
