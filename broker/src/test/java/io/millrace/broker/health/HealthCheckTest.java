package io.millrace.broker.health;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestInbox;
import io.millrace.broker.disk.DiskReport;
import io.millrace.broker.disk.DiskReserve;
import io.millrace.broker.routing.Leader;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.Endpoint;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.DiskSpace;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.PartitionStatus;
import io.millrace.partition.replica.ProposalCounters;
import io.millrace.partition.replica.ReplicaId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Broker 1 of three looks at topic "orders", of which it leads partition 0 and follows in partition 1. */
class HealthCheckTest {
    private static final long TOPIC = 17;
    private static final ReplicaId LED = new ReplicaId("orders", TOPIC, 0, 1);
    private static final ReplicaId FOLLOWED = new ReplicaId("orders", TOPIC, 1, 1);
    private static final PartitionKey LED_KEY = new PartitionKey(TOPIC, 0);
    private static final DiskReserve RESERVE = new DiskReserve(1_000);

    private final Map<PartitionKey, Leader> leaders =
            new HashMap<>(Map.of(LED_KEY, leader(1, true), new PartitionKey(TOPIC, 1), leader(2, true)));
    private final Map<ReplicaId, Optional<PartitionStatus>> statuses = new HashMap<>();
    private List<String> missing = List.of();
    private Set<Integer> alive = Set.of(1, 2, 3);
    private Map<PartitionKey, Long> committedBefore = Map.of(LED_KEY, 90L);
    private List<List<Integer>> replicas = List.of(List.of(1, 2, 3), List.of(2, 3, 1));
    private OptionalInt controller = OptionalInt.of(2);
    private DiskReport.State disk = new DiskReport.State(DiskSpace.AMPLE, 1_000_000);
    private FileDescriptors files = new FileDescriptors(500, 1_000);
    private final TreeMap<Integer, Duration> clockDifferences = new TreeMap<>();

    HealthCheckTest() {
        statuses.put(LED, Optional.of(leading(peer(2, true, 95, 50), peer(3, true, 100, 50))));
        statuses.put(FOLLOWED, Optional.of(status(FOLLOWED, "RUNNING", null, null, "FOLLOWER", List.of())));
    }

    private static Leader leader(int broker, boolean reachable) {
        return new Leader(
                3, OptionalInt.of(broker), TestInbox.<PartitionCommand>create().getRef(), reachable);
    }

    private static PartitionStatus.Peer peer(int broker, boolean voter, long matchIndex, long awaitedMillis) {
        return new PartitionStatus.Peer(broker, voter, matchIndex, 100 - matchIndex, false, 3_600_000L, awaitedMillis);
    }

    private static PartitionStatus leading(PartitionStatus.Peer... peers) {
        return status(LED, "RUNNING", null, null, "LEADER", List.of(peers));
    }

    private static PartitionStatus status(
            ReplicaId id,
            String state,
            @Nullable String problem,
            @Nullable String damage,
            String role,
            List<PartitionStatus.Peer> peers) {
        return new PartitionStatus(
                id.topic(),
                id.topicId(),
                id.partition(),
                id.brokerId(),
                state,
                problem,
                damage,
                role,
                3,
                1,
                98,
                100,
                100,
                0,
                90,
                90,
                1_000,
                new ProposalCounters(0, 0, 0),
                peers);
    }

    private HealthCheck.Result look() {
        TreeMap<Integer, BrokerRegistration> brokers = new TreeMap<>();
        for (int broker = 1; broker <= 3; broker++) {
            brokers.put(
                    broker,
                    new BrokerRegistration(
                            broker, "d" + broker, new Endpoint("h", 1), new Endpoint("h", 2), Optional.empty()));
        }
        TreeMap<String, TopicMetadata> topics = new TreeMap<>();
        topics.put("orders", new TopicMetadata("orders", TOPIC, 3, replicas));
        ClusterMetadata metadata =
                new ClusterMetadata(Optional.of("c"), 1, controller, brokers, new TreeSet<>(), topics, 100);
        return HealthCheck.of(new HealthCheck.Seen(
                1,
                missing,
                metadata,
                Set.of(1, 2, 3),
                alive::contains,
                key -> Optional.ofNullable(leaders.get(key)),
                statuses,
                0,
                committedBefore,
                RESERVE,
                disk,
                files,
                clockDifferences));
    }

    private List<String> found() {
        List<String> found = new ArrayList<>();
        look().findings().forEach(one -> found.add(one.problem() + " " + one.subject()));
        return found;
    }

    @Test
    void aFollowerThatIsALittleBehindIsNoProblemButCounted() {
        HealthCheck.Result result = look();

        assertThat(result.findings()).isEmpty();
        assertThat(result.figures()).isEqualTo(new Figures(1, 2, 0, 0, 0, 5, 2));
        assertThat(result.committed()).isEqualTo(Map.of(LED_KEY, 98L));
    }

    @Test
    void aPartitionThatSleepsWhileABrokerIsAwayIsUnderReplicatedToo() {
        statuses.remove(LED);
        assertThat(found()).isEmpty();
        alive = Set.of(1, 2);
        assertThat(found()).containsExactly("BROKER_DOWN broker 3", "UNDER_REPLICATED orders-0");
        assertThat(look().figures().underReplicated()).isEqualTo(1);
    }

    @Test
    void aFollowerThatLacksWhatWasCommittedSecondsAgoIsUnderReplicated() {
        committedBefore = Map.of(LED_KEY, 96L);

        assertThat(look().findings())
                .containsExactly(new Finding(Problem.UNDER_REPLICATED, "orders-0", "broker 2 lacks 5 entries"));
        assertThat(look().figures().underReplicated()).isEqualTo(1);
    }

    @Test
    void soIsOneThatIsSilentOrHasNoVoteOrIsNoMember() {
        statuses.put(LED, Optional.of(leading(peer(2, true, 100, 60_000), peer(3, true, 100, 50))));
        assertThat(found()).containsExactly("UNDER_REPLICATED orders-0");
        statuses.put(LED, Optional.of(leading(peer(2, true, 100, 50), peer(3, false, 100, 50))));
        assertThat(found()).containsExactly("UNDER_REPLICATED orders-0");
        statuses.put(LED, Optional.of(leading(peer(2, true, 100, 50))));
        assertThat(found()).containsExactly("UNDER_REPLICATED orders-0");
    }

    @Test
    void aBrokerThatCannotBeReachedIsToldAndSoAreThePartitionsThatMissItHere() {
        alive = Set.of(1, 2);

        assertThat(found()).containsExactly("BROKER_DOWN broker 3", "UNDER_REPLICATED orders-0");
    }

    @Test
    void aPartitionWithoutALeaderThatCanBeReachedIsTold() {
        leaders.put(new PartitionKey(TOPIC, 1), leader(2, false));
        leaders.remove(LED_KEY);

        assertThat(found()).containsExactly("NO_LEADER orders-0", "NO_LEADER orders-1");
        assertThat(look().figures().withoutLeader()).isEqualTo(2);
    }

    @Test
    void aPartitionWithoutLeaderIsCountedAsUnderReplicatedByTheFirstOfItsBrokersThatCanBeReached() {
        leaders.remove(new PartitionKey(TOPIC, 1)); // on brokers 2, 3 and 1
        assertThat(look().figures().underReplicated()).as("broker 2 counts it").isZero();
        leaders.remove(LED_KEY);
        statuses.remove(LED);
        assertThat(look().figures().underReplicated()).as("orders-0").isEqualTo(1);
        alive = Set.of(1);
        assertThat(look().figures().underReplicated()).isEqualTo(2);
    }

    @Test
    void oneOfWhichNoBrokerCanBeReachedIsCountedByTheFirstThatCan() {
        replicas = List.of(List.of(1, 2), List.of(2, 3));
        leaders.remove(new PartitionKey(TOPIC, 1));
        statuses.clear();
        alive = Set.of(1);

        assertThat(look().figures().underReplicated())
                .as("orders-0, which sleeps without broker 2, and orders-1")
                .isEqualTo(2);
    }

    @Test
    void aControllerThatIsUnknownOrOutOfReachIsTold() {
        controller = OptionalInt.empty();
        assertThat(found()).containsExactly("NO_CONTROLLER controller");
        controller = OptionalInt.of(3);
        alive = Set.of(1, 2);
        assertThat(found()).contains("NO_CONTROLLER controller");
    }

    @Test
    void aControllerThatHasLostTheMajorityOfTheMetadataIsNone() {
        controller = OptionalInt.of(1);
        alive = Set.of(1);
        assertThat(look().findings())
                .contains(new Finding(
                        Problem.NO_CONTROLLER,
                        "controller",
                        "of the metadata-voters [1, 2, 3] only [1] can be reached"));
    }

    @Test
    void replicasThatAreNotWellAreTold() {
        statuses.put(FOLLOWED, Optional.of(status(FOLLOWED, "FAILED", "no luck", null, "FOLLOWER", List.of())));
        assertThat(look().findings())
                .containsExactly(new Finding(Problem.FAILED_REPLICA, "orders-1 on broker 1", "no luck"));
        statuses.put(FOLLOWED, Optional.of(status(FOLLOWED, "RUNNING", null, "a hole", "FOLLOWER", List.of())));
        assertThat(found()).containsExactly("DAMAGED_REPLICA orders-1 on broker 1");
        statuses.put(FOLLOWED, Optional.of(status(FOLLOWED, "REBUILDING", null, null, "FOLLOWER", List.of())));
        assertThat(look().findings())
                .containsExactly(new Finding(Problem.REBUILDING_REPLICA, "orders-1 on broker 1", "it has no vote yet"));
        statuses.put(FOLLOWED, Optional.of(PartitionStatus.notRunning(FOLLOWED, "REBUILDING", null, 3)));
        assertThat(look().findings())
                .as("it waits in vain")
                .containsExactly(new Finding(
                        Problem.REBUILDING_REPLICA,
                        "orders-1 on broker 1",
                        "it has no vote yet, and hears of no leader"));
        statuses.put(FOLLOWED, Optional.empty());
        assertThat(found()).containsExactly("RECOVERING_REPLICA orders-1 on broker 1");
    }

    @Test
    void aDiskIsLowBeforeItIsFull() {
        disk = new DiskReport.State(DiskSpace.AMPLE, 1_999);
        assertThat(found()).containsExactly("DISK_LOW broker 1");
        disk = new DiskReport.State(DiskSpace.LOW, 900);
        assertThat(found()).containsExactly("DISK_FULL broker 1");
        disk = new DiskReport().state();
        assertThat(found()).isEmpty();
    }

    @Test
    void openFilesAreLowBeforeThereAreNone() {
        files = new FileDescriptors(800, 1_000);
        assertThat(found()).isEmpty();
        files = new FileDescriptors(801, 1_000);
        assertThat(look().findings())
                .containsExactly(new Finding(
                        Problem.FILE_DESCRIPTORS_LOW,
                        "broker 1",
                        "801 files and connections are open, and no more than 1000 can be"));
        files = FileDescriptors.UNKNOWN;
        assertThat(found()).isEmpty();
        files = new FileDescriptors(5_000, Long.MAX_VALUE);
        assertThat(found()).as("unlimited").isEmpty();
    }

    @Test
    void aClockThatDiffersFromThoseOfMostOthersIsTheOneThatIsTold() {
        clockDifferences.put(2, Duration.ZERO);
        clockDifferences.put(3, Duration.ofMillis(500));
        assertThat(found()).isEmpty();

        clockDifferences.put(3, Duration.ofMillis(1_500));
        assertThat(look().findings())
                .containsExactly(new Finding(
                        Problem.CLOCK_SKEW, "broker 3", "its clock differs by 1500 ms or more from that of broker 1"));

        clockDifferences.put(2, Duration.ofMillis(700));
        assertThat(look().findings())
                .containsExactly(new Finding(
                        Problem.CLOCK_SKEW,
                        "broker 1",
                        "its clock differs by 700 ms or more from those of brokers 2, 3"));

        clockDifferences.remove(3);
        assertThat(found()).as("of two, nobody knows which").containsExactly("CLOCK_SKEW broker 2");
    }

    @Test
    void aBrokerThatMayOpenFewFilesSaysSoAtItsStart() {
        assertThat(new FileDescriptors(300, 20_000).adviceAtStart())
                .contains(
                        "At most 20,000 files and connections can be open (ulimit -n): enough for about 6,666 replicas."
                                + " 65,536 or more are usual");
        assertThat(new FileDescriptors(300, 65_536).adviceAtStart()).isEmpty();
        assertThat(FileDescriptors.UNKNOWN.adviceAtStart()).isEmpty();
        FileDescriptors own = FileDescriptors.ofProcess();
        assertThat(own.open()).isBetween(0L, own.max());
    }

    @Test
    void aBrokerThatIsNotReadySaysWhatItLacks() {
        missing = List.of("it has not joined the cluster");

        assertThat(look().findings())
                .containsExactly(new Finding(Problem.BROKER_NOT_READY, "broker 1", "it has not joined the cluster"));
    }

    @Test
    void aProblemIsToldWithTheTimeWhenItWasFirstSeenAndTheWorstComesFirst() {
        ProblemHistory history = new ProblemHistory();
        Finding low = new Finding(Problem.DISK_LOW, "broker 1", "1");
        Finding leaderless = new Finding(Problem.NO_LEADER, "orders-0", "");
        Instant first = Instant.ofEpochSecond(100);
        Instant second = Instant.ofEpochSecond(200);

        assertThat(history.report(1, first, List.of(), Figures.NONE).status()).isEqualTo(HealthReport.Status.OK);
        assertThat(history.report(1, first, List.of(low), Figures.NONE).status())
                .isEqualTo(HealthReport.Status.WARNING);
        HealthReport report = history.report(
                1, second, List.of(new Finding(Problem.DISK_LOW, "broker 1", "2"), leaderless), Figures.NONE);

        assertThat(report.status()).isEqualTo(HealthReport.Status.CRITICAL);
        assertThat(report.problems())
                .extracting(HealthReport.Group::problem)
                .containsExactly(Problem.NO_LEADER, Problem.DISK_LOW);
        assertThat(report.problems()).extracting(HealthReport.Group::since).containsExactly(second, first);
        assertThat(report.problems().get(1).affected().get(0).detail()).isEqualTo("2");
        // Over, and back again: that is another time.
        history.report(1, second, List.of(), Figures.NONE);
        assertThat(history.report(1, Instant.ofEpochSecond(300), List.of(low), Figures.NONE)
                        .problems()
                        .get(0)
                        .since())
                .isEqualTo(Instant.ofEpochSecond(300));
    }

    @Test
    void aProblemOfManyIsCountedAndTheFirstAreNamed() {
        List<Finding> many = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            many.add(new Finding(Problem.NO_LEADER, "orders-" + i, ""));
        }

        HealthReport.Group group = new ProblemHistory()
                .report(1, Instant.EPOCH, many, Figures.NONE)
                .problems()
                .get(0);

        assertThat(group.count()).isEqualTo(500);
        assertThat(group.affected()).hasSize(ProblemHistory.AFFECTED_MAX);
    }
}
