package io.millrace.broker.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.millrace.broker.group.GroupLags.GroupTopic;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class GroupLagMetersTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final GroupLagMeters meters = new GroupLagMeters(registry, 2);

    /** Of topic "orders". */
    private Map<String, Double> shown(Map<String, Long> lagsByGroup) {
        TreeMap<GroupTopic, Long> lags = new TreeMap<>();
        lagsByGroup.forEach((group, lag) -> lags.put(new GroupTopic(group, "orders"), lag));
        meters.show(lags);
        return registry.find("millrace.group.lag.records").gauges().stream()
                .collect(Collectors.toMap(
                        gauge -> String.valueOf(gauge.getId().getTag("group")), gauge -> gauge.value()));
    }

    @Test
    void soManyGroupsHaveSeriesOfTheirOwnAndOneThatIsGoneGivesItsPlaceToAnother() {
        assertThat(shown(Map.of("b", 1L, "c", 2L))).isEqualTo(Map.of("b", 1.0, "c", 2.0));
        assertThat(shown(Map.of("a", 10L, "b", 3L, "c", 4L, "d", 20L)))
                .isEqualTo(Map.of("b", 3.0, "c", 4.0, TopicMeters.OTHER, 30.0));
        assertThat(shown(Map.of("a", 10L, "c", 4L, "d", 20L)))
                .isEqualTo(Map.of("a", 10.0, "c", 4.0, TopicMeters.OTHER, 20.0));
        assertThat(shown(Map.of())).isEmpty();
    }
}
