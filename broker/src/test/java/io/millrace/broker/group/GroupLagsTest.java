package io.millrace.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.broker.group.GroupLags.GroupTopic;
import io.millrace.broker.group.Groups.PartitionOfGroup;
import io.millrace.broker.group.Groups.Range;
import io.millrace.broker.group.state.Committed;
import io.millrace.broker.routing.PartitionKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class GroupLagsTest {
    private final List<CompletableFuture<List<String>>> looks = new ArrayList<>();
    private final Map<String, CompletableFuture<List<PartitionOfGroup>>> described = new HashMap<>();
    private long nowMillis;
    private final GroupLags lags = new GroupLags(
            new GroupLags.Source() {
                @Override
                public CompletionStage<List<String>> groups() {
                    looks.add(new CompletableFuture<>());
                    return looks.get(looks.size() - 1);
                }

                @Override
                public CompletionStage<List<PartitionOfGroup>> partitions(String group) {
                    return described.computeIfAbsent(group, name -> new CompletableFuture<>());
                }
            },
            () -> nowMillis);

    private static PartitionOfGroup partition(String topic, int number, long committed, long end) {
        return of(topic, number, Optional.of(committed), Optional.of(new Range(0, end)));
    }

    private static PartitionOfGroup of(String topic, int number, Optional<Long> committed, Optional<Range> range) {
        return new PartitionOfGroup(
                new PartitionKey(7, number),
                topic,
                Optional.empty(),
                committed.map(offset -> new Committed(offset, "")),
                range);
    }

    private void describe(String group, PartitionOfGroup... partitions) {
        described.computeIfAbsent(group, name -> new CompletableFuture<>()).complete(List.of(partitions));
    }

    @Test
    void whatWasSeenLastIsToldAtOnceAndLookedAtAgainWhenItIsOld() {
        assertThat(looks).as("nobody has asked").isEmpty();
        assertThat(lags.latest()).isEmpty();
        looks.get(0).complete(List.of("readers"));
        nowMillis = 60_000;
        assertThat(lags.latest()).isEmpty();
        assertThat(looks).as("one look at a time").hasSize(1);
        describe("readers", partition("orders", 0, 3, 10));
        assertThat(lags.latest()).containsExactly(Map.entry(new GroupTopic("readers", "orders"), 7L));
        assertThat(looks).hasSize(1);

        nowMillis += 5_000;
        assertThat(lags.latest()).as("still").hasSize(1);
        assertThat(looks).hasSize(2);
        looks.get(1).complete(List.of());
        assertThat(lags.latest()).isEmpty();
    }

    @Test
    void partitionsAreAddedUpAndATopicIsLeftOutWhileALeaderSaysNothing() {
        lags.latest();
        looks.get(0).complete(List.of("a", "gone", "b"));
        describe(
                "a",
                partition("orders", 0, 3, 10),
                partition("orders", 1, 10, 10),
                of("orders", 2, Optional.empty(), Optional.of(new Range(0, 99))),
                partition("logs", 0, 1, 3));
        described
                .computeIfAbsent("gone", name -> new CompletableFuture<>())
                .completeExceptionally(new IllegalStateException("deleted"));
        describe("b", of("orders", 0, Optional.of(3L), Optional.empty()), partition("orders", 1, 0, 5));
        assertThat(lags.latest())
                .containsExactly(
                        Map.entry(new GroupTopic("a", "logs"), 2L), Map.entry(new GroupTopic("a", "orders"), 7L));
    }

    @Test
    void whatCouldNotBeSeenIsNotForgottenAndLookedAtAgain() {
        lags.latest();
        looks.get(0).complete(List.of("a"));
        describe("a", partition("orders", 0, 3, 10));
        nowMillis = 5_000;
        lags.latest();
        looks.get(1).completeExceptionally(new IllegalStateException("no leader"));
        assertThat(lags.latest()).hasSize(1);
        nowMillis = 10_000;
        lags.latest();
        assertThat(looks).hasSize(3);
    }
}
