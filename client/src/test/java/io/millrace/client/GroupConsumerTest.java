package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import io.millrace.protocol.v1.FetchOffsetsRequest;
import io.millrace.protocol.v1.TopicPartitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GroupConsumerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final GroupSettings MANUAL = GroupSettings.of("workers").withAutoCommit(Duration.ZERO);

    private final ClientFixture fixture = new ClientFixture();
    private final FakeCluster cluster = fixture.cluster;
    private final List<String> heard = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        fixture.close();
    }

    private Consumer consumer(GroupSettings group) {
        return fixture.client.consumer(ConsumerSettings.DEFAULT.withGroup(group));
    }

    private RebalanceListener listener(String name) {
        return new RebalanceListener() {
            @Override
            public void onAssigned(Set<TopicPartition> partitions) {
                heard.add(name + " + " + numbers(partitions));
            }

            @Override
            public void onRevoked(Set<TopicPartition> partitions) {
                heard.add(name + " - " + numbers(partitions));
            }

            @Override
            public void onLost(Set<TopicPartition> partitions) {
                heard.add(name + " lost " + numbers(partitions));
            }
        };
    }

    private static List<Integer> numbers(Set<TopicPartition> partitions) {
        return partitions.stream().map(TopicPartition::partition).sorted().toList();
    }

    private void produce(String topic, int partitions, int records) {
        try (Producer producer = fixture.client.producer()) {
            IntStream.range(0, records).forEach(i -> {
                var unused = producer.send(
                        ProducerRecord.of(topic, null, Bytes.utf8("v" + i)).toPartition(i % partitions));
            });
        }
    }

    /** Polls, each in turn, until it is so. */
    private static void pollUntil(BooleanSupplier condition, List<ConsumerRecord> into, Consumer... consumers) {
        long giveUp = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(giveUp);
            for (Consumer consumer : consumers) {
                into.addAll(consumer.poll(Duration.ofMillis(1)));
            }
        }
    }

    private static Set<TopicPartition> partitions(String topic, int... numbers) {
        Set<TopicPartition> all = new HashSet<>();
        IntStream.of(numbers).forEach(number -> all.add(new TopicPartition(topic, number)));
        return all;
    }

    @Test
    void oneMemberReadsEverythingAndASecondTakesOverHalfWithoutDisturbingTheRest() {
        cluster.createTopic("orders", 4);
        produce("orders", 4, 40);
        List<ConsumerRecord> records = new ArrayList<>();
        Consumer first = consumer(MANUAL);
        first.subscribe(List.of("orders"), listener("first"));
        pollUntil(() -> records.size() == 40, records, first);
        assertThat(first.assignment()).isEqualTo(partitions("orders", 0, 1, 2, 3));
        first.commitSync();

        Consumer second = consumer(MANUAL);
        second.subscribe(List.of("orders"), listener("second"));
        pollUntil(() -> second.assignment().size() == 2, records, first, second);
        assertThat(first.assignment()).hasSize(2).doesNotContainAnyElementsOf(second.assignment());
        assertThat(heard).hasSize(3);
        assertThat(heard.get(0)).isEqualTo("first + [0, 1, 2, 3]");
        assertThat(heard.get(1)).isEqualTo("first - " + numbers(second.assignment()));
        assertThat(heard.get(2)).isEqualTo("second + " + numbers(second.assignment()));

        produce("orders", 4, 40);
        pollUntil(() -> records.size() == 80, records, first, second);
        assertThat(records).doesNotHaveDuplicates();
    }

    @Test
    void whatWasCommittedIsWhereTheNextMemberBegins() {
        cluster.createTopic("orders", 1);
        produce("orders", 1, 10);
        List<ConsumerRecord> records = new ArrayList<>();
        Consumer first = consumer(MANUAL);
        first.subscribe(List.of("orders"));
        pollUntil(() -> records.size() == 10, records, first);
        first.commitSync(records.get(6));
        assertThat(cluster.groups().committed()).containsExactly("orders-0@7");
        assertThat(first.committed(partitions("orders", 0))).isEqualTo(Map.of(new TopicPartition("orders", 0), 7L));
        first.close();
        assertThat(cluster.groups().members()).isZero();

        records.clear();
        Consumer second = consumer(MANUAL);
        second.subscribe(List.of("orders"));
        pollUntil(() -> records.size() == 3, records, second);
        assertThat(records.get(0).offset()).isEqualTo(7);
        CompletableFuture<Map<TopicPartition, Long>> done = new CompletableFuture<>();
        second.commitAsync((offsets, failure) -> {
            assertThat(failure).isNull();
            done.complete(offsets);
        });
        assertThat(done.join()).containsExactly(Map.entry(new TopicPartition("orders", 0), 10L));
    }

    @Test
    void aCommitForWhichAPartitionHasNoLeaderIsMadeWhenItHasOne() {
        cluster.createTopic("orders", 2);
        produce("orders", 2, 4);
        List<ConsumerRecord> records = new ArrayList<>();
        Consumer consumer = consumer(MANUAL);
        consumer.subscribe(List.of("orders"));
        pollUntil(() -> records.size() == 4, records, consumer);
        cluster.groups().loseLeaders(3);
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        consumer.commitAsync((offsets, failure) -> done.complete(failure == null));
        pollUntil(done::isDone, records, consumer);
        assertThat(done.join()).isTrue();
        assertThat(cluster.groups().committed()).containsExactly("orders-0@2", "orders-1@2");
    }

    /** What a poll gave is handled when the next one begins, and not before. */
    @Test
    void whatIsHandledIsCommittedByItself() {
        cluster.createTopic("orders", 1);
        produce("orders", 1, 3);
        List<ConsumerRecord> records = new ArrayList<>();
        Consumer consumer = consumer(GroupSettings.of("workers").withAutoCommit(Duration.ofSeconds(5)));
        consumer.subscribe(List.of("orders"));
        pollUntil(() -> records.size() == 3, records, consumer);
        fixture.timers.pass(Duration.ofSeconds(6));
        assertThat(cluster.groups().committed()).isEmpty();
        pollUntil(() -> cluster.groups().committed().contains("orders-0@3"), records, consumer);
    }

    @Test
    void whoIsRevokedCommitsFirstAndNothingIsHandledTwice() {
        cluster.createTopic("orders", 2);
        produce("orders", 2, 20);
        List<ConsumerRecord> records = new ArrayList<>();
        Consumer first = consumer(GroupSettings.of("workers").withAutoCommit(Duration.ofDays(1)));
        first.subscribe(List.of("orders"));
        pollUntil(() -> records.size() == 20, records, first);
        Consumer second = consumer(MANUAL);
        second.subscribe(List.of("orders"));
        pollUntil(() -> second.assignment().size() == 1, records, first, second);
        assertThat(cluster.groups().committed()).hasSize(1);
        produce("orders", 2, 2);
        pollUntil(() -> records.size() == 22, records, first, second);
        assertThat(records).doesNotHaveDuplicates();
    }

    @Test
    void whatIsReadMayChangeAndTopicsThatStayGoOn() {
        cluster.createTopic("orders", 1);
        cluster.createTopic("returns", 1);
        produce("orders", 1, 2);
        produce("returns", 1, 2);
        List<ConsumerRecord> records = new ArrayList<>();
        Consumer consumer = consumer(MANUAL);
        consumer.subscribe(List.of("orders"), listener("one"));
        pollUntil(() -> records.size() == 2, records, consumer);
        consumer.subscribe(List.of("orders", "returns"), listener("one"));
        pollUntil(() -> records.size() == 4, records, consumer);
        assertThat(records.stream().map(ConsumerRecord::topic))
                .containsExactly("orders", "orders", "returns", "returns");
        consumer.subscribe(List.of("returns"), listener("one"));
        pollUntil(() -> consumer.assignment().equals(partitions("returns", 0)), records, consumer);
        assertThat(heard).containsExactly("one + [0]", "one + [0]", "one - [0]");
        consumer.unsubscribe();
        assertThat(cluster.groups().members()).isZero();
        consumer.assign(partitions("orders", 0));
        pollUntil(() -> records.size() == 6, records, consumer);
    }

    @Test
    void aPatternPicksUpTopicsThatAreCreatedLater() {
        cluster.createTopic("orders-eu", 1);
        cluster.createTopic("returns", 1);
        Consumer consumer = consumer(MANUAL);
        consumer.subscribe("orders-.*");
        List<ConsumerRecord> records = new ArrayList<>();
        pollUntil(() -> consumer.assignment().equals(partitions("orders-eu", 0)), records, consumer);
        cluster.createTopic("orders-us", 1);
        cluster.groups().look();
        produce("orders-us", 1, 1);
        pollUntil(() -> records.size() == 1, records, consumer);
        assertThat(consumer.assignment()).hasSize(2);
    }

    /** What was committed before is taken up again; what was not, is handled again. */
    @Test
    void aMemberThatWasTakenForDeadHearsOfItAndJoinsAgain() {
        cluster.createTopic("orders", 1);
        produce("orders", 1, 5);
        List<ConsumerRecord> records = new ArrayList<>();
        Consumer consumer = consumer(MANUAL);
        consumer.subscribe(List.of("orders"), listener("one"));
        pollUntil(() -> records.size() == 5, records, consumer);
        consumer.commitSync(records.get(2));
        cluster.groups().expireAll();
        pollUntil(() -> heard.size() == 3, records, consumer);
        assertThat(heard).containsExactly("one + [0]", "one lost [0]", "one + [0]");
        pollUntil(() -> records.size() == 7, records, consumer);
        assertThat(records.subList(5, 7).stream().map(ConsumerRecord::offset)).containsExactly(3L, 4L);
    }

    @Test
    void anInstanceThatWillBeBackSaysSo() {
        cluster.createTopic("orders", 1);
        Consumer consumer = consumer(MANUAL.withInstanceId("till-3"));
        consumer.subscribe(List.of("orders"));
        pollUntil(() -> consumer.assignment().size() == 1, new ArrayList<>(), consumer);
        consumer.close();
        assertThat(cluster.groups().log()).containsExactly("join", "leave, to be back");
    }

    @Test
    void whoDoesNotPollForTooLongLeavesAndJoinsWithTheNextPoll() {
        cluster.createTopic("orders", 2);
        Consumer stuck = consumer(MANUAL.withMaxPollInterval(Duration.ofSeconds(5)));
        stuck.subscribe(List.of("orders"), listener("stuck"));
        pollUntil(() -> stuck.assignment().size() == 2, new ArrayList<>(), stuck);
        fixture.timers.pass(Duration.ofSeconds(6));
        Consumer other = consumer(MANUAL);
        other.subscribe(List.of("orders")); // whose joining is news for the first, which looks at its watch
        pollUntil(() -> other.assignment().size() == 2, new ArrayList<>(), other);
        pollUntil(() -> stuck.assignment().size() == 1, new ArrayList<>(), other, stuck);
        assertThat(heard.get(1)).isEqualTo("stuck lost [0, 1]");
    }

    @Test
    void aHeartbeatIsNotHeldBackForLongerThanThereIsTimeToPoll() {
        cluster.createTopic("orders", 1);
        Consumer consumer = consumer(MANUAL.withMaxPollInterval(Duration.ofSeconds(2)));
        consumer.subscribe(List.of("orders"));
        pollUntil(() -> cluster.groups().waitMillisMax() > 0, new ArrayList<>(), consumer);
        assertThat(cluster.groups().waitMillisMax()).isLessThanOrEqualTo(2_001);
    }

    /** Others have read on, in the partition that went and came back. */
    @Test
    void anAnswerAboutOffsetsThatIsOlderThanTheAssignmentIsOfNoUse() {
        cluster.createTopic("orders", 2);
        produce("orders", 2, 20);
        FakeGroups groups = cluster.groups();
        List<String> members = new CopyOnWriteArrayList<>();
        groups.holdOffsets(request -> {
            members.add(request.getMemberId());
            return request.getMemberId().equals(members.get(0)) && partitionsIn(request) != 1;
        });
        List<ConsumerRecord> records = new ArrayList<>();
        Consumer first = consumer(MANUAL);
        first.subscribe(List.of("orders"));
        pollUntil(() -> groups.held().size() == 1, records, first);

        Consumer second = consumer(MANUAL);
        second.subscribe(List.of("orders"));
        pollUntil(() -> second.assignment().size() == 1 && first.assignment().size() == 1, records, first, second);
        TopicPartition moved = second.assignment().iterator().next();
        pollUntil(() -> records.size() == 20, records, first, second);
        groups.holdOffsets(request -> request.getMemberId().equals(members.get(0)));
        second.commitSync(Map.of(moved, 7L));
        second.close();
        pollUntil(() -> groups.held().size() == 2, records, first);

        List<ConsumerRecord> again = new ArrayList<>();
        groups.held().get(0).release();
        for (int i = 0; i < 100; i++) {
            again.addAll(first.poll(Duration.ofMillis(1)));
        }
        groups.held().get(1).release();
        pollUntil(() -> again.size() >= 3, again, first);
        assertThat(again.stream().map(ConsumerRecord::offset)).containsExactly(7L, 8L, 9L);
        assertThat(again.get(0).partition()).isEqualTo(moved);
    }

    private static int partitionsIn(FetchOffsetsRequest request) {
        return request.getPartitionsList().stream()
                .mapToInt(TopicPartitions::getPartitionsCount)
                .sum();
    }

    /** The worker has a record of the partition that is to go: it goes when that is handled and committed. */
    @Test
    void aPartitionIsLetGoOfWhenItsWorkersAreDone() {
        cluster.createTopic("orders", 2);
        produce("orders", 2, 2);
        CountDownLatch begun = new CountDownLatch(2);
        CountDownLatch release = new CountDownLatch(1);
        Consumer first = consumer(GroupSettings.of("workers").withAutoCommit(Duration.ofDays(1)));
        first.subscribe(List.of("orders"));
        WorkerSettings workers = WorkerSettings.DEFAULT.withWorkers(2);
        CompletableFuture<Void> running = CompletableFuture.runAsync(() -> first.forEach(workers, record -> {
            begun.countDown();
            release.await();
        }));
        pollUntil(() -> begun.getCount() == 0, new ArrayList<>());
        List<ConsumerRecord> records = new ArrayList<>();
        Consumer second = consumer(MANUAL);
        second.subscribe(List.of("orders"));
        pollUntil(() -> first.assignment().size() == 1, records, second);
        assertThat(second.assignment()).isEmpty();
        assertThat(cluster.groups().committed()).isEmpty();
        release.countDown();
        pollUntil(() -> second.assignment().size() == 1, records, second);
        assertThat(records).isEmpty();
        first.close();
        running.join();
        assertThat(cluster.groups().committed()).containsExactly("orders-0@1", "orders-1@1");
        assertThat(cluster.groups().members()).isEqualTo(1);
    }

    @Test
    void whatMakesNoSenseIsRefused() {
        cluster.createTopic("orders", 1);
        Consumer alone = fixture.client.consumer();
        assertThatThrownBy(() -> alone.subscribe(List.of("orders"))).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(alone::commitSync).isInstanceOf(IllegalStateException.class);
        Consumer member = consumer(MANUAL);
        member.subscribe(List.of("orders"));
        assertThatThrownBy(() -> member.assign(partitions("orders", 0))).isInstanceOf(IllegalStateException.class);
    }
}
