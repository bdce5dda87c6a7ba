package io.millrace.controller;

import io.millrace.controller.metadata.Applied;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.MetadataResult;
import io.millrace.controller.metadata.Reassignment;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.placement.ReplicaMoves;
import io.millrace.controller.placement.ReplicaWeights;
import io.millrace.partition.raft.RelocatingGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A cluster on virtual time, from one seed: the real decisions of controllers and the real state machine of the metadata, groups that move by the
 * real rules (without their logs), brokers that come and go, controllers that end at any moment, proposals that are lost or applied after
 * their controller's end, and an operator who drains, reassigns, cancels and evens out. Metadata is looked at late.
 */
final class ControllerSimulation {
    private static final long TICK_MILLIS = 1_000;
    private static final int LATE_TICKS_MAX = 4;
    private static final int QUIET_TICKS_MAX = 3_000;
    static final ControllerSettings SETTINGS = settings();

    /** Something that was proposed and is on its way. */
    private record Proposal(@Nullable Rule by, MetadataCommand command, int dueTick, boolean lost) {}

    /** One controller, from its claim to its end. */
    private static final class Rule {
        final long epoch;
        final AbsentBrokers absent = new AbsentBrokers();
        final ReplicaBalance balance = new ReplicaBalance(SETTINGS::moves);
        boolean hasProposed;
        long decidedIndex;

        Rule(long epoch) {
            this.epoch = epoch;
        }
    }

    private record GroupId(String topic, long topicId, int partition) {}

    private final Random random;
    private final int brokers;
    /** After each of its entries. */
    private final List<ClusterMetadata> history = new ArrayList<>();

    private final Set<Integer> down = new TreeSet<>();
    private final Map<GroupId, RelocatingGroup> groups =
            new TreeMap<>(Comparator.comparing(GroupId::topicId).thenComparing(GroupId::partition));
    private final List<Proposal> proposals = new ArrayList<>();
    private final Map<Integer, Integer> seenBy = new HashMap<>();
    private final ControllerDecisions decisions =
            new ControllerDecisions(100, Set.of(1, 2, 3), Samples.configuration(() -> SETTINGS));
    private @Nullable Rule ruling;
    private int tick;
    private boolean faults = true;
    private int commands;
    private int stale;
    private int counted;
    /** Of those counted, the last that its controller gets to propose; 0: none is. */
    private int endAfterCommand;

    private boolean lastIsLost;

    ControllerSimulation(long seed, int brokers) {
        this.random = new Random(seed);
        this.brokers = brokers;
        ClusterMetadata metadata = ClusterMetadata.EMPTY;
        history.add(metadata);
        apply(new MetadataCommand.ClaimController(0, 1, "c"));
        for (int broker = 1; broker <= brokers; broker++) {
            apply(Samples.register(1, broker));
        }
        ruling = new Rule(1);
    }

    private static ControllerSettings settings() {
        ControllerSettings usual = ControllerSettings.DEFAULT;
        return new ControllerSettings(
                usual.partitionsPerTopicMax(),
                usual.requestsWaitingMax(),
                usual.requestTimeoutMax(),
                usual.retryDelayMin(),
                usual.retryDelayMax(),
                usual.claimTimeout(),
                usual.deposedPause(),
                usual.decisionsKept(),
                usual.cycle(),
                usual.leaderBalance(),
                new ControllerSettings.Moves(Duration.ofSeconds(1), 3, Duration.ofSeconds(30), false, Set.of(1, 2, 3)));
    }

    ClusterMetadata metadata() {
        return history.get(history.size() - 1);
    }

    int commands() {
        return commands;
    }

    /** Since {@link #endAfter}. */
    int commandsCounted() {
        return counted;
    }

    void withoutFaults() {
        faults = false;
    }

    /**
     * From now on commands are counted.
     *
     * @param command the controller that proposes this one, 1 and on, ends then; 0: none does
     * @param isLost whether that command is lost
     */
    void endAfter(int command, boolean isLost) {
        counted = 0;
        endAfterCommand = command;
        lastIsLost = isLost;
    }

    int stale() {
        return stale;
    }

    // ---------------------------------------------------------------------------------------------------- the cluster

    private LiveBrokers live() {
        return Samples.live(IntStream.rangeClosed(1, brokers)
                .filter(broker -> !down.contains(broker))
                .toArray());
    }

    private MetadataResult apply(MetadataCommand command) {
        ClusterMetadata before = metadata();
        Applied applied = before.apply(before.appliedIndex() + 1, command);
        history.add(applied.next());
        for (TopicMetadata topic : applied.next().topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                List<Integer> founders = topic.founders(partition);
                groups.computeIfAbsent(
                        new GroupId(topic.name(), topic.id(), partition), id -> new RelocatingGroup(founders));
            }
        }
        groups.keySet().removeIf(id -> applied.next()
                .topic(id.topic())
                .filter(topic -> topic.id() == id.topicId())
                .isEmpty());
        return applied.result();
    }

    /** A broker sees the metadata late, but never goes back. */
    private ClusterMetadata viewOf(int broker) {
        int newest = history.size() - 1;
        int seen = Math.max(seenBy.getOrDefault(broker, 0), newest - (faults ? random.nextInt(3) : 0));
        seenBy.put(broker, seen);
        return history.get(seen);
    }

    void tick() {
        tick++;
        if (faults) {
            misfortune();
        }
        deliver();
        rule();
        groups.forEach((id, group) -> {
            group.tick(broker -> !down.contains(broker), random);
            group.leader().ifPresent(leader -> lead(id, group, leader));
        });
        check();
    }

    private void misfortune() {
        if (random.nextInt(20) == 0 && down.size() < brokers / 2) {
            down.add(1 + random.nextInt(brokers));
        }
        down.removeIf(broker -> random.nextInt(25) == 0);
        if (random.nextInt(15) == 0) {
            endRule();
        }
    }

    /** What it had proposed may be applied all the same, later. */
    private void endRule() {
        ruling = null;
    }

    /** The leader's broker hears where the group shall be, and says when it is there, again and again until that is known. */
    private void lead(GroupId id, RelocatingGroup group, int leader) {
        Optional<Reassignment> known = viewOf(leader)
                .topic(id.topic())
                .filter(topic -> topic.id() == id.topicId())
                .flatMap(topic -> topic.reassignment(id.partition()));
        known.ifPresent(wish -> wish.target().ifPresent(target -> group.asked(target, wish.index())));
        OptionalLong done = group.done();
        if (done.isPresent()
                && known.filter(wish -> wish.target().isPresent() && wish.index() == done.getAsLong())
                        .isPresent()
                && random.nextInt(3) == 0) {
            request(new ControllerCommand.CompleteReassignments(
                    List.of(new MetadataCommand.PartitionReassigned(
                            id.topic(), id.topicId(), id.partition(), done.getAsLong())),
                    1_000,
                    NoReplies.REF));
        }
    }

    // -------------------------------------------------------------------------------------------------- the controller

    private void deliver() {
        List<Proposal> due = proposals.stream()
                .filter(proposal -> proposal.dueTick() <= tick)
                .toList();
        proposals.removeAll(due);
        for (Proposal proposal : due) {
            boolean applied = !proposal.lost();
            MetadataResult result = applied ? apply(proposal.command()) : null;
            if (result instanceof MetadataResult.StaleController) {
                stale++;
            }
            Rule by = proposal.by();
            if (by == null && result instanceof MetadataResult.Claimed) {
                ruling = new Rule(metadata().controllerEpoch());
            } else if (by != null) {
                by.hasProposed = false;
                by.decidedIndex = applied ? metadata().appliedIndex() : by.decidedIndex;
            }
        }
    }

    private void rule() {
        Rule rule = ruling;
        if (rule == null) {
            boolean claims = proposals.stream().anyMatch(proposal -> proposal.by() == null);
            if (!claims && random.nextInt(3) == 0) {
                propose(null, new MetadataCommand.ClaimController(metadata().controllerEpoch(), 1, "c"));
            }
            return;
        }
        ClusterMetadata metadata = viewOf(0);
        rule.absent.look(metadata.brokers().keySet(), live().ids(), tick * TICK_MILLIS);
        if (metadata.controllerEpoch() == rule.epoch) {
            rule.balance.cycle(metadata, live(), ReplicaWeights.ALIKE);
        }
        if (!mayDecide(rule, metadata)) {
            return;
        }
        NavigableSet<Integer> lost =
                rule.absent.awayFor(SETTINGS.moves().replacementDelay().toMillis());
        UnaskedMoves.next(metadata, live(), lost, SETTINGS.moves(), rule.balance)
                .ifPresent(step -> propose(rule, step.command()));
    }

    private static boolean mayDecide(Rule rule, ClusterMetadata metadata) {
        return !rule.hasProposed
                && metadata.appliedIndex() >= rule.decidedIndex
                && metadata.controllerEpoch() == rule.epoch;
    }

    /** Somebody asks the controller; one that is busy, or none, does nothing. */
    void request(ControllerCommand.Request request) {
        Rule rule = ruling;
        ClusterMetadata metadata = viewOf(0);
        if (rule == null || !mayDecide(rule, metadata)) {
            return;
        }
        ControllerDecisions.Decision decision = request instanceof ControllerCommand.RebalanceReplicas rebalance
                ? rule.balance.decide(rebalance.mode(), metadata, live(), ReplicaWeights.ALIKE)
                : decisions.decide(request, metadata, live(), () -> ReplicaWeights.ALIKE);
        if (decision instanceof ControllerDecisions.Submit submit) {
            propose(rule, submit.command());
        }
    }

    private void propose(@Nullable Rule by, MetadataCommand command) {
        boolean isLast = false;
        if (by != null) {
            by.hasProposed = true;
            commands++;
            counted++;
            isLast = counted == endAfterCommand;
        }
        boolean lost = isLast ? lastIsLost : faults && random.nextInt(10) == 0;
        proposals.add(new Proposal(by, command, tick + 1 + (faults ? random.nextInt(LATE_TICKS_MAX) : 0), lost));
        if (isLast) {
            endRule();
        }
    }

    // ---------------------------------------------------------------------------------------------------- the operator

    void somebodyWantsSomething() {
        ClusterMetadata metadata = metadata();
        int broker = 1 + random.nextInt(brokers);
        switch (random.nextInt(7)) {
            case 0 -> setState(broker, BrokerState.DRAINING);
            case 1, 2 -> setState(broker, BrokerState.ACTIVE);
            case 3 -> create("topic-" + random.nextInt(4), 1 + random.nextInt(6), 1 + random.nextInt(3));
            case 4 ->
                request(new ControllerCommand.RebalanceReplicas(
                        random.nextInt(3) == 0
                                ? ControllerCommand.RebalanceReplicas.Mode.STOP
                                : ControllerCommand.RebalanceReplicas.Mode.BEGIN,
                        1_000,
                        NoReplies.REF));
            case 5 -> {
                if (random.nextInt(10) == 0) {
                    request(new ControllerCommand.DeleteTopic("topic-" + random.nextInt(4), 1_000, NoReplies.REF));
                }
            }
            default -> metadata.topics().values().stream().findAny().ifPresent(this::reassign);
        }
    }

    void create(String name, int partitions, int replicationFactor) {
        request(new ControllerCommand.CreateTopic(
                name, partitions, replicationFactor, List.of(), Map.of(), 1_000, NoReplies.REF));
    }

    void setState(int broker, BrokerState state) {
        request(new ControllerCommand.SetBrokerState(broker, state, false, 1_000, NoReplies.REF));
    }

    private void reassign(TopicMetadata topic) {
        int partition = random.nextInt(topic.partitionCount());
        List<Integer> all = new ArrayList<>(metadata().brokers().keySet());
        Collections.shuffle(all, random);
        List<Integer> to =
                random.nextInt(4) == 0 ? List.of() : all.subList(0, 1 + random.nextInt(Math.min(3, all.size())));
        request(new ControllerCommand.ReassignPartitions(
                List.of(new ControllerCommand.Destination(topic.name(), partition, to)), false, 1_000, NoReplies.REF));
    }

    // ------------------------------------------------------------------------------------------------------ what holds

    private void check() {
        for (TopicMetadata topic : metadata().topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                noneTwice(topic, topic.replicas(partition));
                noneTwice(topic, topic.wanted(partition));
            }
        }
    }

    private void noneTwice(TopicMetadata topic, List<Integer> replicas) {
        if (new HashSet<>(replicas).size() != replicas.size()
                || replicas.isEmpty()
                || !metadata().brokers().keySet().containsAll(replicas)) {
            throw new IllegalStateException("tick " + tick + ": " + topic);
        }
    }

    /** All brokers come back, no controller ends any more, and nobody wants anything: what was begun comes to its end. */
    void comeToRest() {
        faults = false;
        down.clear();
        int end = tick + QUIET_TICKS_MAX;
        for (int quiet = 0; quiet < 10; ) {
            if (tick > end) {
                throw new IllegalStateException("does not come to rest: " + restless());
            }
            tick();
            quiet = restless().isEmpty() && proposals.isEmpty() && ruling != null ? quiet + 1 : 0;
        }
    }

    /** What is not as it shall be in the end. */
    private List<String> restless() {
        List<String> all = new ArrayList<>();
        ClusterMetadata metadata = metadata();
        NavigableSet<String> stuck = new TreeSet<>();
        ReplicaMoves.plan(metadata, live().ids(), Set.of()).stuck().forEach(one -> stuck.add(one.partition()));
        for (TopicMetadata topic : metadata.topics().values()) {
            for (int partition = 0; partition < topic.partitionCount(); partition++) {
                String name = topic.name() + "-" + partition;
                RelocatingGroup group = groups.get(new GroupId(topic.name(), topic.id(), partition));
                if (topic.target(partition).isPresent()) {
                    all.add(name + " is on its way: " + topic.reassignment(partition));
                } else if (group == null
                        || !group.voters().equals(new TreeSet<>(topic.replicas(partition)))
                        || group.hasLearners()) {
                    all.add(name + " is on " + topic.replicas(partition) + ", and its group is not");
                } else if (!stuck.contains(name)
                        && topic.replicas(partition).stream()
                                .anyMatch(broker -> metadata.stateOf(broker) == BrokerState.DRAINING)) {
                    all.add(name + " is on a broker that is drained: " + topic.replicas(partition));
                }
            }
        }
        return all;
    }
}
