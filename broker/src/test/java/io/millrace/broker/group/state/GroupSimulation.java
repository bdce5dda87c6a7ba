package io.millrace.broker.group.state;

import io.millrace.broker.Failure;
import io.millrace.broker.group.assign.Assignors;
import io.millrace.broker.routing.PartitionKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * One group, its coordinators and its members, in virtual time, from one seed. The members keep to the rules in {@code groups.proto} and to
 * nothing else. The network delays, loses and repeats; coordinators fail between what they decide and what is committed, and go on for
 * a moment when they are deposed; each has a clock of its own; members are paused, killed, and leave.
 *
 * <p>After each event: nobody acts on a partition beside somebody else; no committed offset goes back, or beyond what was handled; who
 * begins with a partition begins where its owners before have got, at least as far as they were told.
 */
final class GroupSimulation {
    /** What a broken implementation might do: the simulation must find each. */
    enum Flaw {
        NONE,
        /** A heartbeat that comes late is taken for one of now. */
        IGNORES_EPOCHS,
        /** Partitions are given on as soon as they are taken away. */
        DOES_NOT_WAIT_FOR_OWNERS,
        /** Answers before the decision is committed. */
        ANSWERS_BEFORE_COMMIT,
        /** A new coordinator takes members for dead whom it has not heard yet. */
        FORGETS_SESSIONS,
        /** A commit that was overtaken holds. */
        LETS_OFFSETS_GO_BACK,
        /** What a deposed coordinator decides is written after its successor has read the log. */
        WRITES_WHEN_DEPOSED,
        /** The log is cut before its last checkpoint, and that has no offsets. */
        FORGETS_OFFSETS_IN_CHECKPOINTS,
        /** A member acts on although nobody has answered it for long. */
        MEMBER_NEVER_STOPS
    }

    static final class Broken extends AssertionError {
        Broken(String what) {
            super(what);
        }
    }

    private static final String GROUP = "g";
    private static final int SESSION = 6_000;
    private static final int REBALANCE = 5_000;
    private static final int HEARTBEAT = SESSION / 3;
    /** After so long a deposed coordinator knows that it is: Raft's check of the quorum. */
    private static final int DEPOSED_KNOWS_AFTER = 1_000;

    private record Event(long at, long order, Runnable what) {}

    private final Random random;
    private final Flaw flaw;
    private final PriorityQueue<Event> events =
            new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::order));
    private long now;
    private long order;
    private boolean hostile = true;

    private Topics topics;
    private final List<PartitionKey> partitions = new ArrayList<>();
    private long topicIndex = 1;

    /** Committed, in order. The first {@code cut} are trimmed away. */
    private final List<Fact> log = new ArrayList<>();

    private int cut;
    private final Map<PartitionKey, Long> committed = new HashMap<>();
    /** Acknowledged to whoever committed. */
    private final Map<PartitionKey, Long> promised = new HashMap<>();

    private final Map<PartitionKey, Long> handledTo = new HashMap<>();

    private Coordinator coordinator;
    private Optional<Coordinator> deposed = Optional.empty();
    private final List<SimulatedMember> members = new ArrayList<>();
    private int membersEver;
    int rebalances;
    int failOvers;
    int commits;

    GroupSimulation(long seed, Flaw flaw) {
        this.random = new Random(seed);
        this.flaw = flaw;
        topics = new Topics(List.of(topic("t1", 4 + random.nextInt(6))), topicIndex);
        coordinator = new Coordinator();
    }

    private Topics.Topic topic(String name, int count) {
        long id = topicIndex++;
        List<Set<String>> racks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            racks.add(Set.of());
            partitions.add(new PartitionKey(id, i));
        }
        return new Topics.Topic(name, id, racks);
    }

    void run(int steps) {
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            arrive();
        }
        every(() -> 50 + random.nextInt(100), () -> coordinator.commit());
        every(() -> 2_000 + random.nextInt(8_000), this::mischief);
        for (int i = 0; i < steps; i++) {
            step();
        }
        hostile = false;
        members.forEach(member -> member.pausedUntil = Math.min(member.pausedUntil, now));
        if (members.stream().noneMatch(member -> member.alive)) {
            arrive();
        }
        long healed = now + 20 * (SESSION + REBALANCE);
        while (now < healed) {
            step();
        }
        checkSettled();
    }

    private void step() {
        Event event = events.remove();
        now = event.at();
        event.what().run();
        checkOwners();
    }

    private void at(long delay, Runnable what) {
        events.add(new Event(now + delay, order++, what));
    }

    private void every(java.util.function.IntSupplier delay, Runnable what) {
        at(delay.getAsInt(), () -> {
            what.run();
            every(delay, what);
        });
    }

    private boolean chance(int inHundred) {
        return hostile && random.nextInt(100) < inHundred;
    }

    // ------------------------------------------------------------------------------------------------------- mischief

    private void arrive() {
        SimulatedMember member = new SimulatedMember();
        members.add(member);
        member.begin();
    }

    private void mischief() {
        if (!hostile) {
            return;
        }
        List<SimulatedMember> alive =
                members.stream().filter(member -> member.alive).toList();
        switch (random.nextInt(9)) {
            case 0, 1 -> failOver();
            case 2 -> {
                if (!alive.isEmpty()) {
                    alive.get(random.nextInt(alive.size())).alive = false;
                }
            }
            case 3, 4 -> {
                if (!alive.isEmpty()) {
                    alive.get(random.nextInt(alive.size())).pausedUntil = now + random.nextInt(3 * SESSION);
                }
            }
            case 5 -> {
                if (alive.size() > 1) {
                    alive.get(random.nextInt(alive.size())).leave();
                }
            }
            case 6 -> {
                if (topics.all().size() < 3) {
                    List<Topics.Topic> more = new ArrayList<>(topics.all());
                    more.add(topic("t" + (more.size() + 1), 1 + random.nextInt(4)));
                    topics = new Topics(more, topicIndex);
                    coordinator.decide(coordinator.machine.topicsChanged(topics, coordinator.clock()), reply -> {});
                }
            }
            case 7 -> checkpoint();
            default -> {
                if (alive.size() < 6) {
                    arrive();
                }
            }
        }
    }

    private void failOver() {
        failOvers++;
        Coordinator old = coordinator;
        deposed = Optional.of(old);
        coordinator = new Coordinator();
        at(DEPOSED_KNOWS_AFTER, () -> {
            old.ended = true;
            if (deposed.equals(Optional.of(old))) {
                deposed = Optional.empty();
            }
        });
    }

    private void checkpoint() {
        coordinator.commit();
        int from = log.size();
        for (Fact fact : coordinator.machine.table().facts()) {
            if (flaw != Flaw.FORGETS_OFFSETS_IN_CHECKPOINTS || !(fact instanceof Fact.OffsetIs)) {
                log.add(fact);
            }
        }
        // Segments go as a whole: some of what is before the checkpoint stays.
        cut = from - random.nextInt(from - cut + 1);
        GroupTable all = folded(0);
        if (flaw == Flaw.NONE && !folded(cut).equals(all)) {
            throw new Broken("the log from " + cut + " on says something else than the whole");
        }
    }

    private GroupTable folded(int from) {
        GroupTable table = new GroupTable();
        log.subList(from, log.size()).forEach(table::apply);
        return table;
    }

    // ---------------------------------------------------------------------------------------------------- coordinators

    private final class Coordinator {
        private record Pending(List<Fact> facts, Runnable answer) {}

        /** Each has a clock that began when it liked. */
        final long clockBegan = random.nextInt(1_000_000);

        final ArrayDeque<Pending> pending = new ArrayDeque<>();
        final GroupMachine machine;
        boolean ended;

        Coordinator() {
            long since = flaw == Flaw.FORGETS_SESSIONS ? clock() - SESSION : clock();
            machine = new GroupMachine(
                    folded(cut), Assignors.builtIn(), new GroupMachine.Limits(100, 100, 7 * 24 * 3_600_000L), since);
            decide(machine.topicsChanged(topics, clock()), reply -> {});
            expireWhenDue();
        }

        long clock() {
            return now + clockBegan;
        }

        private void expireWhenDue() {
            at(200, () -> {
                if (!ended) {
                    if (machine.nextMillis().orElse(Long.MAX_VALUE) <= clock()) {
                        decide(machine.expire(clock()), reply -> {});
                    }
                    expireWhenDue();
                }
            });
        }

        void handle(GroupCommand command, Consumer<GroupReply> replyTo) {
            if (!ended) {
                decide(machine.handle(broken(command), clock()), replyTo);
            }
        }

        void decide(GroupMachine.Decision decision, Consumer<GroupReply> replyTo) {
            Runnable answer = () -> replyTo.accept(decision.reply());
            if (flaw == Flaw.ANSWERS_BEFORE_COMMIT) {
                answer.run();
                pending.add(new Pending(decision.facts(), () -> {}));
            } else if (decision.facts().isEmpty() && pending.isEmpty()) {
                answer.run();
            } else {
                pending.add(new Pending(decision.facts(), answer));
            }
        }

        void commit() {
            boolean mayWrite = this == coordinator || flaw == Flaw.WRITES_WHEN_DEPOSED;
            while (mayWrite && !pending.isEmpty()) {
                Pending next = pending.removeFirst();
                next.facts().forEach(GroupSimulation.this::committed);
                next.answer().run();
            }
            deposed.filter(old -> flaw == Flaw.WRITES_WHEN_DEPOSED && old != this)
                    .ifPresent(Coordinator::commit);
            if (flaw == Flaw.NONE && this == coordinator && !machine.table().equals(folded(0))) {
                throw new Broken("the state is not what the log says");
            }
        }

        private GroupCommand broken(GroupCommand command) {
            Optional<Member> member = command instanceof GroupCommand.Heartbeat heartbeat
                    ? machine.table().group(GROUP).flatMap(group -> group.member(heartbeat.memberId()))
                    : Optional.empty();
            if (command instanceof GroupCommand.Heartbeat h && member.isPresent() && h.epoch() > 0) {
                return new GroupCommand.Heartbeat(
                        h.group(),
                        h.memberId(),
                        flaw == Flaw.IGNORES_EPOCHS ? member.get().epoch() : h.epoch(),
                        h.membership(),
                        flaw == Flaw.DOES_NOT_WAIT_FOR_OWNERS ? Set.of() : h.owned());
            } else if (command instanceof GroupCommand.Commit c && flaw == Flaw.LETS_OFFSETS_GO_BACK) {
                return new GroupCommand.Commit(c.group(), c.memberId(), c.epoch(), c.offsets(), true);
            }
            return command;
        }
    }

    private void committed(Fact fact) {
        log.add(fact);
        if (fact instanceof Fact.OffsetIs is) {
            commits++;
            long offset = is.committed().offset();
            if (offset < committed.getOrDefault(is.partition(), 0L)) {
                throw new Broken("the committed offset of " + is.partition() + " goes back to " + offset);
            } else if (offset > handledTo.getOrDefault(is.partition(), 0L)) {
                throw new Broken(is.partition() + " is committed to " + offset + ", and nobody has handled that");
            }
            committed.put(is.partition(), offset);
        }
    }

    /** To the coordinator and back, if nothing happens on the way. */
    private void send(GroupCommand command, Consumer<GroupReply> answer) {
        int times = chance(5) ? 2 : 1;
        for (int i = 0; i < times; i++) {
            if (!chance(5)) {
                at(delay(), () -> {
                    Coordinator asked =
                            deposed.filter(old -> random.nextInt(3) == 0).orElse(coordinator);
                    asked.handle(command, reply -> {
                        if (!chance(5)) {
                            at(delay(), () -> answer.accept(reply));
                        }
                    });
                });
            }
        }
    }

    private int delay() {
        if (chance(2)) {
            return random.nextInt(3 * SESSION);
        }
        return 1 + random.nextInt(hostile ? 300 : 20);
    }

    // --------------------------------------------------------------------------------------------------------- members

    private final class SimulatedMember {
        private static final long NOT_YET = -1;

        final Set<PartitionKey> assigned = new TreeSet<>();
        /** What it still has to let go of, and until when it must have. */
        final Map<PartitionKey, Long> lettingGo = new HashMap<>();
        /** Where it is in each; NOT_YET while it asks. */
        final Map<PartitionKey, Long> positions = new HashMap<>();

        boolean alive = true;
        long pausedUntil;
        String id = "";
        long epoch;
        boolean joined;
        /** When the last heartbeat was sent that was answered. */
        long heardOf;

        long lastSent;
        int lastHeartbeat;

        void begin() {
            join();
            every(() -> 100 + random.nextInt(100), this::live);
        }

        private void join() {
            joined = false;
            epoch = 0;
            assigned.clear();
            lettingGo.clear();
            positions.clear();
            id = "m" + membersEver++;
            heartbeat();
        }

        boolean runs() {
            return alive && now >= pausedUntil;
        }

        /** Rule 3. */
        boolean isHeard() {
            return flaw == Flaw.MEMBER_NEVER_STOPS || now < heardOf + SESSION;
        }

        private long positionIn(PartitionKey partition) {
            return positions.getOrDefault(partition, NOT_YET);
        }

        boolean actsOn(PartitionKey partition) {
            return runs()
                    && joined
                    && isHeard()
                    && positions.getOrDefault(partition, NOT_YET) != NOT_YET
                    && (assigned.contains(partition) || now < lettingGo.getOrDefault(partition, 0L));
        }

        private void live() {
            if (!runs()) {
                return;
            }
            if (now >= lastSent + HEARTBEAT / (joined ? 1 : 2)) {
                heartbeat();
            }
            for (PartitionKey partition : List.copyOf(positions.keySet())) {
                if (actsOn(partition)) {
                    work(partition);
                }
            }
            boolean letGo = false;
            for (PartitionKey partition : List.copyOf(lettingGo.keySet())) {
                if (random.nextInt(6) == 0 || now >= lettingGo.getOrDefault(partition, 0L)) {
                    if (actsOn(partition)) {
                        commit(partition);
                    }
                    if (!chance(30)) { // else it is slow
                        lettingGo.remove(partition);
                        positions.remove(partition);
                        letGo = true;
                    }
                }
            }
            if (letGo) {
                heartbeat();
            }
        }

        private void work(PartitionKey partition) {
            if (random.nextInt(3) == 0) {
                long position = positionIn(partition) + 1 + random.nextInt(5);
                positions.put(partition, position);
                handledTo.merge(partition, position, Math::max);
            }
            if (random.nextInt(6) == 0) {
                commit(partition);
            }
        }

        private void commit(PartitionKey partition) {
            long offset = positionIn(partition);
            send(
                    new GroupCommand.Commit(
                            GROUP,
                            id,
                            epoch,
                            List.of(new GroupCommand.PartitionOffset(partition, "t", new Committed(offset, ""))),
                            false),
                    reply -> {
                        if (reply instanceof GroupReply.OffsetsCommitted done
                                && done.outcomes().get(0).offset().isPresent()) {
                            promised.merge(partition, offset, Math::max);
                        }
                    });
        }

        private void heartbeat() {
            int number = ++lastHeartbeat;
            long sent = now;
            lastSent = now;
            String as = id;
            Set<PartitionKey> owned = new TreeSet<>(assigned);
            owned.addAll(lettingGo.keySet());
            Optional<Membership> membership = joined
                    ? Optional.empty()
                    : Optional.of(new Membership(Collections.emptySortedSet(), "t.*", "", "", "", SESSION, REBALANCE));
            send(new GroupCommand.Heartbeat(GROUP, as, epoch, membership, owned), reply -> {
                if (as.equals(id) && alive) {
                    whenItRuns(() -> answered(as, number, sent, reply));
                }
            });
        }

        private void whenItRuns(Runnable what) {
            if (runs()) {
                what.run();
            } else if (alive) {
                at(pausedUntil - now, () -> whenItRuns(what));
            }
        }

        private void answered(String as, int number, long sent, GroupReply reply) {
            if (!as.equals(id)) {
                return;
            }
            if (reply instanceof GroupReply.Assigned assignment) {
                heardOf = Math.max(heardOf, sent);
                if (number != lastHeartbeat) {
                    return;
                }
                joined = true;
                if (assignment.memberEpoch() > epoch) {
                    rebalances++;
                    epoch = assignment.memberEpoch();
                    take(Set.copyOf(assignment.assignment()), sent);
                    heartbeat();
                }
            } else if (reply instanceof GroupReply.Refused refused && number == lastHeartbeat) {
                if (refused.failure() instanceof Failure.UnknownMember
                        || refused.failure() instanceof Failure.FencedMemberEpoch) {
                    join();
                }
            }
        }

        private void take(Set<PartitionKey> assignment, long sent) {
            for (PartitionKey partition : List.copyOf(assigned)) {
                if (!assignment.contains(partition)) {
                    assigned.remove(partition);
                    if (positions.getOrDefault(partition, NOT_YET) == NOT_YET) {
                        positions.remove(partition);
                    } else {
                        lettingGo.put(partition, sent + REBALANCE);
                    }
                }
            }
            for (PartitionKey partition : assignment) {
                if (assigned.add(partition)) {
                    // It may be on the way out still: then what is under way is over, and it begins anew.
                    lettingGo.remove(partition);
                    positions.put(partition, NOT_YET);
                    askWhereToBegin(partition, id, epoch);
                }
            }
        }

        private void askWhereToBegin(PartitionKey partition, String as, long asOf) {
            if (!as.equals(id) || !assigned.contains(partition) || epoch < asOf || positionIn(partition) != NOT_YET) {
                return;
            }
            long before = promised.getOrDefault(partition, 0L);
            send(new GroupCommand.FetchOffsets(GROUP, id, epoch), reply -> {
                boolean still = as.equals(id)
                        && runs()
                        && assigned.contains(partition)
                        && positions.getOrDefault(partition, 0L) == NOT_YET;
                if (still && reply instanceof GroupReply.Offsets offsets) {
                    long offset = offsets.offsets().stream()
                            .filter(one -> one.partition().equals(partition))
                            .mapToLong(one -> one.committed().offset())
                            .findFirst()
                            .orElse(0);
                    if (offset < before) {
                        throw new Broken(
                                id + " begins " + partition + " at " + offset + ", and " + before + " was committed");
                    }
                    positions.put(partition, offset);
                    handledTo.merge(partition, offset, Math::max);
                }
            });
            at(1_000, () -> askWhereToBegin(partition, as, asOf));
        }

        void leave() {
            if (!runs()) {
                return;
            }
            alive = false;
            send(new GroupCommand.Leave(GROUP, id, false), reply -> {});
        }
    }

    // --------------------------------------------------------------------------------------------------------- checks

    private void checkOwners() {
        Map<PartitionKey, String> acting = new HashMap<>();
        for (SimulatedMember member : members) {
            if (member.runs() && member.joined) {
                for (PartitionKey partition : member.positions.keySet()) {
                    if (member.actsOn(partition)) {
                        String other = acting.put(partition, member.id);
                        if (other != null) {
                            throw new Broken(
                                    "at " + now + " " + partition + " belongs to " + other + " and " + member.id);
                        }
                    }
                }
            }
        }
    }

    private void checkSettled() {
        coordinator.commit();
        Group group = coordinator.machine.table().group(GROUP).orElseThrow();
        if (group.state() != GroupReply.State.STABLE) {
            throw new Broken("not settled: " + group);
        }
        SortedMap<PartitionKey, String> acting = new TreeMap<>();
        for (SimulatedMember member : members) {
            partitions.stream().filter(member::actsOn).forEach(partition -> acting.put(partition, member.id));
        }
        if (!acting.keySet().equals(new HashSet<>(partitions))) {
            throw new Broken("of " + partitions + " only " + acting + " are being read; " + group);
        }
    }
}
