package io.millrace.broker.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Collection;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TopicMetersTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final TopicMeters topics = new TopicMeters(registry, 2);

    private double records(String topic) {
        Collection<FunctionCounter> found =
                registry.find("millrace.produce.records").tag("topic", topic).functionCounters();
        return found.stream().mapToDouble(FunctionCounter::count).sum();
    }

    private void produce(String topic, int records) {
        topics.of(topic).produceRecords.add(records);
    }

    @Test
    void beyondTheLimitTopicsShareOneSeries() {
        produce("a", 1);
        produce("b", 2);
        produce("c", 3);
        produce("d", 4);
        produce("a", 5);

        assertThat(records("a")).isEqualTo(6);
        assertThat(records("b")).isEqualTo(2);
        assertThat(records("_other")).isEqualTo(7);
        assertThat(topics.isOwn("c")).isFalse();
        assertThat(registry.find("millrace.produce.records").functionCounters()).hasSize(3);
    }

    @Test
    void theSeriesOfADeletedTopicIsGoneAndItsPlaceIsFree() {
        produce("a", 1);
        produce("b", 1);

        topics.retain(Set.of("b", "c"));
        produce("c", 9);

        assertThat(registry.find("millrace.produce.records").tag("topic", "a").functionCounters())
                .isEmpty();
        assertThat(records("c")).isEqualTo(9);
        assertThat(records("_other")).isZero();
    }

    @Test
    void aTopicOfTheNameThatStandsForOthersTakesNoPlace() {
        produce("_other", 1);

        assertThat(topics.isOwn("_other")).isFalse();
        assertThat(records("_other")).isEqualTo(1);
    }
}
