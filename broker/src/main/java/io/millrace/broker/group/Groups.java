package io.millrace.broker.group;

import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import io.millrace.broker.TopicChanges;
import io.millrace.broker.group.assign.Assignors;
import io.millrace.broker.group.state.Committed;
import io.millrace.broker.group.state.GroupCommand;
import io.millrace.broker.group.state.GroupMachine;
import io.millrace.broker.group.state.GroupReply;
import io.millrace.broker.group.state.GroupTable;
import io.millrace.broker.routing.PartitionGateway;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.broker.routing.PartitionTarget;
import io.millrace.broker.routing.Request;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.ReadMode;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.Partitioner;
import io.millrace.protocol.TopicName;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** The way to the coordinators of groups, wherever they are. Thread-safe. */
public final class Groups {
    /** Never change it: a group's coordinator is found by the number of partitions that the topic was created with. */
    private static final int PARTITIONS = 8;

    private static final int REPLICATION_FACTOR_MAX = 3;

    private final Supplier<ClusterMetadata> metadata;
    private final PartitionGateway gateway;
    private final TopicChanges changes;
    private final GroupMachine.Limits limits;

    /** @param metadata fails if this broker does not know it yet */
    public Groups(
            Supplier<ClusterMetadata> metadata,
            PartitionGateway gateway,
            TopicChanges changes,
            GroupMachine.Limits limits) {
        this.metadata = metadata;
        this.gateway = gateway;
        this.changes = changes;
        this.limits = limits;
    }

    /** One coordinator's groups. */
    public record OfCoordinator(int partition, List<GroupReply.Summary> groups) {}

    /** What the group's coordinator answers, unless it refuses; fails with a {@link FailureException}. */
    public <T extends GroupReply> CompletionStage<T> ask(
            String group, GroupCommand command, Class<T> answer, long timeoutMillis) {
        return ask(group, command, answer, 0, timeoutMillis);
    }

    /** @param maxWaitMillis the answer may be held back for so long */
    public <T extends GroupReply> CompletionStage<T> ask(
            String group, GroupCommand command, Class<T> answer, long maxWaitMillis, long timeoutMillis) {
        long deadline = gateway.nowMillis() + timeoutMillis;
        return topic(command, timeoutMillis)
                .thenCompose(there -> there.isPresent()
                        ? send(there.get(), coordinatorOf(group, there.get()), command, maxWaitMillis, deadline)
                        : CompletableFuture.completedFuture(ofNothing(command).reply()))
                .thenApply(reply -> accepted(reply, answer));
    }

    public CompletionStage<List<OfCoordinator>> list(long timeoutMillis) {
        return list(partition -> true, timeoutMillis);
    }

    /** @param coordinators which of them to ask: partitions of {@code __groups} */
    CompletionStage<List<OfCoordinator>> list(Predicate<PartitionKey> coordinators, long timeoutMillis) {
        CompletionStage<List<OfCoordinator>> all = CompletableFuture.completedFuture(new ArrayList<>());
        TopicMetadata topic = metadata.get().topic(TopicName.GROUPS).orElse(null);
        if (topic == null) {
            return all;
        }
        long deadline = gateway.nowMillis() + timeoutMillis;
        Map<Integer, CompletionStage<GroupReply>> asked = new TreeMap<>();
        for (int i = 0; i < topic.partitionCount(); i++) {
            if (coordinators.test(new PartitionKey(topic.id(), i))) {
                asked.put(i, send(topic, i, new GroupCommand.ListGroups(), 0, deadline));
            }
        }
        for (Map.Entry<Integer, CompletionStage<GroupReply>> each : asked.entrySet()) {
            int partition = each.getKey();
            all = all.thenCombine(each.getValue(), (list, reply) -> {
                list.add(new OfCoordinator(
                        partition, accepted(reply, GroupReply.Listed.class).groups()));
                return list;
            });
        }
        return all;
    }

    /** The partition of {@code __groups} that has this group, as this broker knows it; -1 if there is none yet. */
    public int coordinatorPartition(String group) {
        return metadata.get()
                .topic(TopicName.GROUPS)
                .map(topic -> coordinatorOf(group, topic))
                .orElse(-1);
    }

    private static int coordinatorOf(String group, TopicMetadata topic) {
        return Partitioner.forKey(Bytes.wrap(group.getBytes(StandardCharsets.UTF_8)), topic.partitionCount());
    }

    private static <T extends GroupReply> T accepted(GroupReply reply, Class<T> answer) {
        if (reply instanceof GroupReply.Refused refused) {
            throw refused.failure().asException();
        }
        return answer.cast(reply);
    }

    private CompletionStage<GroupReply> send(
            TopicMetadata topic, int partition, GroupCommand command, long maxWaitMillis, long deadlineMillis) {
        long now = gateway.nowMillis();
        // An answer without news, in time, is better than none: the wait ends before the deadline.
        long wait = Math.min(maxWaitMillis, (deadlineMillis - now) * 9 / 10);
        Request request = new Request.Coordinate(GroupJson.encode(command), now + wait, isRepeatable(command));
        return gateway.send(new PartitionTarget(topic.name(), topic.id(), partition), request, deadlineMillis)
                .answer()
                .handle((reply, thrown) -> {
                    if (thrown != null) {
                        throw told(thrown);
                    }
                    return GroupJson.decodeReply(((PartitionReply.Coordinated) reply).answer());
                });
    }

    private static boolean isRepeatable(GroupCommand command) {
        return !(command instanceof GroupCommand.Delete)
                && !(command instanceof GroupCommand.Commit commit && commit.allowBack());
    }

    private static RuntimeException told(Throwable thrown) {
        Throwable cause = FailureException.unwrap(thrown);
        if (cause instanceof FailureException known) {
            if (known.failure() instanceof Failure.NoLeader) {
                return new Failure.CoordinatorUnavailable("the group's coordinator could not be reached in time")
                        .asException();
            } else if (known.failure() instanceof Failure.ReplicaFailed failed) {
                return new Failure.CoordinatorUnavailable(failed.problem()).asException();
            }
            return known;
        }
        return new IllegalStateException(cause);
    }

    /** What a coordinator without groups decides: right as long as there are none. */
    private GroupMachine.Decision ofNothing(GroupCommand command) {
        return new GroupMachine(new GroupTable(), Assignors.builtIn(), limits, 0).handle(command, 0);
    }

    private CompletionStage<Optional<TopicMetadata>> topic(GroupCommand command, long timeoutMillis) {
        ClusterMetadata known = metadata.get();
        Optional<TopicMetadata> there = known.topic(TopicName.GROUPS);
        boolean begins = command instanceof GroupCommand.Commit
                || (command instanceof GroupCommand.Heartbeat heartbeat && heartbeat.epoch() == 0);
        if (there.isPresent() || !begins) {
            return CompletableFuture.completedFuture(there);
        }
        int replicas = Math.min(REPLICATION_FACTOR_MAX, known.brokers().size());
        return changes.create(
                        TopicName.GROUPS,
                        PARTITIONS,
                        replicas,
                        List.of(),
                        Map.of("retention.ms", "unlimited", "retention.bytes", "unlimited"),
                        Duration.ofMillis(timeoutMillis))
                .handle((created, thrown) -> {
                    // If somebody else was faster, this broker may have heard of it by now.
                    Optional<TopicMetadata> now = thrown == null
                            ? Optional.of(created)
                            : metadata.get().topic(TopicName.GROUPS);
                    if (now.isEmpty() && thrown != null) {
                        throw notCreated(thrown);
                    }
                    return now;
                });
    }

    private static RuntimeException notCreated(Throwable thrown) {
        Throwable cause = FailureException.unwrap(thrown);
        return cause instanceof FailureException known
                ? new Failure.CoordinatorUnavailable("the topic of groups is being created: " + known.failure())
                        .asException()
                : new IllegalStateException(cause);
    }

    // ------------------------------------------------------------------------------------------- with their logs' ends

    /**
     * A partition that a group has to do with.
     *
     * @param owner empty: nobody's just now
     * @param range what can be read; empty if its leader did not answer
     */
    public record PartitionOfGroup(
            PartitionKey partition,
            String topic,
            Optional<String> owner,
            Optional<Committed> committed,
            Optional<Range> range) {
        /** Records not read yet, of those that can be; empty if nothing is known of either end. */
        public Optional<Long> lag() {
            return range.flatMap(known ->
                    committed.map(from -> Math.max(0, known.latest() - Math.max(from.offset(), known.earliest()))));
        }
    }

    public record Range(long earliest, long latest) {}

    public record Description(GroupReply.Described group, List<PartitionOfGroup> partitions) {}

    /** A group and how much it has left to read. */
    public CompletionStage<Description> describe(String group, long timeoutMillis, long patienceMillis) {
        return ask(group, new GroupCommand.Describe(group), GroupReply.Described.class, timeoutMillis)
                .thenCompose(described -> withRanges(described, Math.min(patienceMillis, timeoutMillis)));
    }

    private CompletionStage<Description> withRanges(GroupReply.Described group, long patienceMillis) {
        Map<PartitionKey, Committed> committed = new TreeMap<>();
        group.offsets().forEach(offset -> committed.put(offset.partition(), offset.committed()));
        Map<PartitionKey, String> owners = new TreeMap<>();
        group.members().forEach((id, member) -> {
            member.revoking().forEach(held -> owners.put(held.partition(), id));
            member.owned().forEach(held -> owners.put(held.partition(), id));
        });
        TreeSet<PartitionKey> all = new TreeSet<>(committed.keySet());
        all.addAll(owners.keySet());
        CompletionStage<List<PartitionOfGroup>> partitions = CompletableFuture.completedFuture(new ArrayList<>());
        for (PartitionKey key : all) {
            String topic = group.names().getOrDefault(key.topicId(), "");
            CompletionStage<Optional<Range>> range = offsets(
                            new PartitionTarget(topic, key.topicId(), key.partition()),
                            OptionalLong.empty(),
                            patienceMillis)
                    .handle((found, thrown) -> Optional.ofNullable(found)
                            .map(known -> new Range(known.logStartOffset(), known.highWatermark())));
            partitions = partitions.thenCombine(range, (list, known) -> {
                list.add(new PartitionOfGroup(
                        key,
                        topic,
                        Optional.ofNullable(owners.get(key)),
                        Optional.ofNullable(committed.get(key)),
                        known));
                return list;
            });
        }
        return partitions.thenApply(list -> {
            list.sort(Comparator.comparing(PartitionOfGroup::topic).thenComparing(PartitionOfGroup::partition));
            return new Description(group, list);
        });
    }

    CompletionStage<PartitionReply.Offsets> offsets(
            PartitionTarget partition, OptionalLong timestampMillis, long timeoutMillis) {
        return gateway.send(
                        partition,
                        new Request.Offsets(timestampMillis, ReadMode.LEADER),
                        gateway.nowMillis() + timeoutMillis)
                .answer()
                .thenApply(PartitionReply.Offsets.class::cast);
    }

    // ---------------------------------------------------------------------------------------------------------- reset

    /**
     * Where to.
     *
     * @param timestampMillis to look for; empty: {@code place} needs none
     * @param place the offset, of what is known of a partition
     */
    public record Destination(OptionalLong timestampMillis, Function<PartitionReply.Offsets, Long> place) {}

    /** @param before empty: nothing was committed */
    public record Reset(PartitionTarget partition, Optional<Long> before, long after) {}

    /**
     * Sets the offsets of a group without members.
     *
     * @param chosen given those of which it has offsets, by name
     */
    public CompletionStage<List<Reset>> reset(
            String group,
            Function<List<PartitionTarget>, List<PartitionTarget>> chosen,
            Destination to,
            boolean dryRun,
            long timeoutMillis) {
        long deadline = gateway.nowMillis() + timeoutMillis;
        return ask(group, new GroupCommand.Describe(group), GroupReply.Described.class, timeoutMillis)
                .handle((described, thrown) -> {
                    if (thrown == null) {
                        return Optional.of(described);
                    } else if (FailureException.unwrap(thrown) instanceof FailureException known
                            && known.failure() instanceof Failure.UnknownGroup) {
                        return Optional.<GroupReply.Described>empty();
                    }
                    throw new CompletionException(FailureException.unwrap(thrown));
                })
                .thenCompose(described -> {
                    described.filter(known -> !known.members().isEmpty()).ifPresent(known -> {
                        throw new Failure.GroupNotEmpty(group, known.members().size()).asException();
                    });
                    return planned(described, chosen, to, deadline - gateway.nowMillis());
                })
                .thenCompose(plan -> dryRun || plan.isEmpty()
                        ? CompletableFuture.completedFuture(plan)
                        : ask(
                                        group,
                                        commitOf(group, plan),
                                        GroupReply.OffsetsCommitted.class,
                                        deadline - gateway.nowMillis())
                                .thenApply(done -> checked(done, plan)));
    }

    private CompletionStage<List<Reset>> planned(
            Optional<GroupReply.Described> group,
            Function<List<PartitionTarget>, List<PartitionTarget>> chosen,
            Destination to,
            long timeoutMillis) {
        Map<PartitionKey, Long> before = new TreeMap<>();
        List<PartitionTarget> had = new ArrayList<>();
        group.ifPresent(known -> known.offsets().forEach(offset -> {
            PartitionKey key = offset.partition();
            before.put(key, offset.committed().offset());
            had.add(new PartitionTarget(known.names().getOrDefault(key.topicId(), ""), key.topicId(), key.partition()));
        }));
        CompletionStage<List<Reset>> plan = CompletableFuture.completedFuture(new ArrayList<>());
        for (PartitionTarget target : chosen.apply(had)) {
            plan = plan.thenCombine(offsets(target, to.timestampMillis(), timeoutMillis), (list, offsets) -> {
                list.add(new Reset(
                        target,
                        Optional.ofNullable(before.get(target.key())),
                        to.place().apply(offsets)));
                return list;
            });
        }
        return plan;
    }

    private static GroupCommand.Commit commitOf(String group, List<Reset> plan) {
        return new GroupCommand.Commit(
                group,
                "",
                0,
                plan.stream()
                        .map(reset -> new GroupCommand.PartitionOffset(
                                reset.partition().key(), reset.partition().topic(), new Committed(reset.after(), "")))
                        .toList(),
                true);
    }

    private static List<Reset> checked(GroupReply.OffsetsCommitted done, List<Reset> plan) {
        done.outcomes().stream()
                .flatMap(outcome -> outcome.refusal().stream())
                .findFirst()
                .ifPresent(refusal -> {
                    throw refusal.asException();
                });
        return plan;
    }
}
