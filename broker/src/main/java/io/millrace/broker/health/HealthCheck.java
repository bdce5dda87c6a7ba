package io.millrace.broker.health;

import io.millrace.broker.disk.DiskReport;
import io.millrace.broker.disk.DiskReserve;
import io.millrace.broker.routing.Leader;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.DiskSpace;
import io.millrace.partition.replica.PartitionStatus;
import io.millrace.partition.replica.ReplicaId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Decides what is wrong, from what was seen. One for one look. */
final class HealthCheck {
    /** A follower of a partition that is awake is heard of ten times a second. */
    private static final long SILENT_MILLIS_MAX = 3_000;

    private static final Duration CLOCK_DIFFERENCE_MAX = Duration.ofMillis(500);

    /**
     * What one broker sees.
     *
     * @param missing what it lacks to be ready
     * @param alive whether a broker can be reached
     * @param statuses of its replicas that are awake; empty for one that has not answered
     * @param asleep its replicas that were not asked, since they sleep
     * @param committedBefore of partitions led here, the commit index some seconds ago
     * @param clockDifferences by how much the clocks of other brokers differ from this one's, at least
     */
    record Seen(
            int brokerId,
            List<String> missing,
            ClusterMetadata metadata,
            Set<Integer> metadataVoters,
            IntPredicate alive,
            Function<PartitionKey, Optional<Leader>> leaders,
            Map<ReplicaId, Optional<PartitionStatus>> statuses,
            int asleep,
            Map<PartitionKey, Long> committedBefore,
            DiskReserve reserve,
            DiskReport.State disk,
            FileDescriptors files,
            SortedMap<Integer, Duration> clockDifferences) {}

    /** @param committed of partitions led here, the commit index now: for {@link Seen#committedBefore} of a later look */
    record Result(List<Finding> findings, Figures figures, Map<PartitionKey, Long> committed) {}

    private final Seen seen;
    private final List<Finding> findings = new ArrayList<>();
    private final Map<PartitionKey, Long> committed = new HashMap<>();
    private int leaders;
    private int underReplicated;
    private int withoutLeader;
    private long lagEntriesMax;
    private long uncommittedEntriesMax;

    private HealthCheck(Seen seen) {
        this.seen = seen;
    }

    static Result of(Seen seen) {
        HealthCheck check = new HealthCheck(seen);
        check.broker();
        check.brokers();
        check.clocks();
        seen.metadata().topics().values().forEach(check::leadersOf);
        seen.statuses().forEach(check::replica);
        Figures figures = new Figures(
                check.leaders,
                (int) seen.statuses().keySet().stream()
                                .filter(id -> !id.isOfMetadata())
                                .count()
                        + seen.asleep(),
                seen.asleep(),
                check.underReplicated,
                check.withoutLeader,
                check.lagEntriesMax,
                check.uncommittedEntriesMax);
        return new Result(check.findings, figures, check.committed);
    }

    private void broker() {
        String self = "broker " + seen.brokerId();
        if (!seen.missing().isEmpty()) {
            found(Problem.BROKER_NOT_READY, self, String.join(", ", seen.missing()));
        }
        long reserve = seen.reserve().bytes();
        String room = seen.disk().freeBytes() + " bytes are free, the reserve is " + reserve;
        if (seen.disk().space() != DiskSpace.AMPLE) {
            found(Problem.DISK_FULL, self, room);
        } else if (reserve > 0 && seen.disk().isKnown() && seen.disk().freeBytes() < 2 * reserve) {
            found(Problem.DISK_LOW, self, room);
        }
        if (seen.files().areLow()) {
            found(
                    Problem.FILE_DESCRIPTORS_LOW,
                    self,
                    seen.files().open() + " files and connections are open, and no more than "
                            + seen.files().max() + " can be");
        }
    }

    private void brokers() {
        seen.metadata().brokers().keySet().stream()
                .filter(broker -> !seen.alive().test(broker))
                .forEach(broker -> found(Problem.BROKER_DOWN, "broker " + broker, "cannot be reached"));
        OptionalInt controller = seen.metadata().controllerId();
        List<Integer> voters = seen.metadataVoters().stream()
                .filter(seen.alive()::test)
                .sorted()
                .toList();
        if (voters.size() <= seen.metadataVoters().size() / 2) {
            // Where it runs it does not notice until something is asked of it.
            found(
                    Problem.NO_CONTROLLER,
                    "controller",
                    "of the metadata-voters " + new TreeSet<>(seen.metadataVoters()) + " only " + voters
                            + " can be reached");
        } else if (controller.isEmpty() || !seen.alive().test(controller.getAsInt())) {
            found(
                    Problem.NO_CONTROLLER,
                    "controller",
                    controller.isEmpty()
                            ? "none is known"
                            : "the last one was on broker " + controller.getAsInt() + ", which cannot be reached");
        }
    }

    /** If a clock is not that of most others, it is that one of which all of them tell. */
    private void clocks() {
        SortedMap<Integer, Duration> differ = new TreeMap<>(seen.clockDifferences());
        differ.values().removeIf(difference -> difference.compareTo(CLOCK_DIFFERENCE_MAX) <= 0);
        if (differ.size() > 1 && differ.size() > seen.clockDifferences().size() / 2) {
            clockOf(seen.brokerId(), differ.keySet(), Collections.min(differ.values()));
        } else {
            differ.forEach((broker, difference) -> clockOf(broker, Set.of(seen.brokerId()), difference));
        }
    }

    private void clockOf(int broker, Set<Integer> others, Duration difference) {
        found(
                Problem.CLOCK_SKEW,
                "broker " + broker,
                "its clock differs by " + difference.toMillis() + " ms or more from "
                        + (others.size() == 1 ? "that of broker " : "those of brokers ")
                        + others.stream().map(String::valueOf).collect(Collectors.joining(", ")));
    }

    private void leadersOf(TopicMetadata topic) {
        for (int number = 0; number < topic.partitionCount(); number++) {
            Optional<Leader> leader = seen.leaders().apply(new PartitionKey(topic.id(), number));
            if (leader.isEmpty() || leader.get().readyRef() == null) {
                withoutLeader++;
                underReplicated += counts(topic.replicas(number)) ? 1 : 0;
                found(Problem.NO_LEADER, topic.name() + "-" + number, "replicas on brokers " + topic.replicas(number));
            } else if (leader.get().broker().equals(OptionalInt.of(seen.brokerId()))) {
                leaders++;
                asleepWithout(topic, number);
            }
        }
    }

    /**
     * Whether it is this broker that counts a partition without leader as under-replicated, so that the brokers' figures add up: the
     * first of its replicas' brokers that can be reached; if none can, the first of all.
     */
    private boolean counts(List<Integer> replicas) {
        return Stream.concat(replicas.stream(), seen.metadata().brokers().keySet().stream())
                .filter(seen.alive()::test)
                .findFirst()
                .equals(Optional.of(seen.brokerId()));
    }

    /** Who sleeps is not asked: its followers have everything, but for those that were away when it fell asleep. */
    private void asleepWithout(TopicMetadata topic, int number) {
        ReplicaId own = new ReplicaId(topic.name(), topic.id(), number, seen.brokerId());
        List<Integer> replicas = topic.replicas(number);
        if (seen.statuses().containsKey(own) || replicas.stream().allMatch(seen.alive()::test)) {
            return;
        }
        underReplicated(
                own,
                replicas.stream()
                        .filter(broker -> !seen.alive().test(broker))
                        .map(broker -> "broker " + broker + " cannot be reached")
                        .toList());
    }

    private void underReplicated(ReplicaId leader, List<String> behind) {
        underReplicated++;
        found(Problem.UNDER_REPLICATED, leader.topic() + "-" + leader.partition(), String.join(", ", behind));
    }

    private void replica(ReplicaId id, Optional<PartitionStatus> answer) {
        String subject = id.topic() + "-" + id.partition() + " on broker " + id.brokerId();
        if (answer.isEmpty()) {
            found(Problem.RECOVERING_REPLICA, subject, "it does not answer");
            return;
        }
        PartitionStatus status = answer.get();
        switch (status.state()) {
            case "FAILED" -> found(Problem.FAILED_REPLICA, subject, String.valueOf(status.problem()));
            case "RECOVERING" -> found(Problem.RECOVERING_REPLICA, subject, "its log is being opened");
            case "REBUILDING" ->
                found(
                        Problem.REBUILDING_REPLICA,
                        subject,
                        "it has no vote yet" + (status.leader() == null ? ", and hears of no leader" : ""));
            default -> {}
        }
        if (status.damage() != null) {
            found(Problem.DAMAGED_REPLICA, subject, status.damage());
        }
        if (status.role().equals("LEADER")) {
            followers(id, status);
        }
    }

    private void followers(ReplicaId id, PartitionStatus leader) {
        PartitionKey key = new PartitionKey(id.topicId(), id.partition());
        committed.put(key, leader.commitIndex());
        uncommittedEntriesMax = Math.max(uncommittedEntriesMax, leader.lastIndex() - leader.commitIndex());
        List<Integer> assigned = seen.metadata()
                .topic(id.topic())
                .filter(topic -> topic.id() == id.topicId() && topic.hasPartition(id.partition()))
                .map(topic -> topic.replicas(id.partition()))
                .orElse(List.of());
        long mustHave = seen.committedBefore().getOrDefault(key, 0L);
        List<String> behind = new ArrayList<>();
        for (int broker : assigned) {
            Optional<PartitionStatus.Peer> peer = leader.peers().stream()
                    .filter(one -> one.brokerId() == broker)
                    .findFirst();
            if (broker != id.brokerId()) {
                peer.ifPresent(one -> lagEntriesMax = Math.max(lagEntriesMax, one.lagEntries()));
                problemOf(peer, broker, mustHave).ifPresent(problem -> behind.add("broker " + broker + " " + problem));
            }
        }
        if (!behind.isEmpty()) {
            underReplicated(id, behind);
        }
    }

    /** Under load a follower is always a little behind: it counts only if it lacks what was committed some seconds ago. */
    private Optional<String> problemOf(Optional<PartitionStatus.Peer> peer, int broker, long mustHave) {
        if (!seen.alive().test(broker)) {
            return Optional.of("cannot be reached");
        } else if (peer.isEmpty()) {
            return Optional.of("is no member of the group");
        } else if (peer.get().awaitedMillis() > SILENT_MILLIS_MAX) {
            return Optional.of("has been silent for " + peer.get().awaitedMillis() + " ms");
        } else if (peer.get().matchIndex() < mustHave) {
            return Optional.of("lacks " + peer.get().lagEntries() + " entries");
        }
        return peer.get().voter() ? Optional.empty() : Optional.of("has no vote yet");
    }

    private void found(Problem problem, String subject, String detail) {
        findings.add(new Finding(problem, subject, detail));
    }
}
