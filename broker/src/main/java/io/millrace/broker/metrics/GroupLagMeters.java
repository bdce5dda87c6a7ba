package io.millrace.broker.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.millrace.broker.group.GroupLags.GroupTopic;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How far groups are behind, up to so many groups with their topics; those that come later are added up. One that is gone gives its
 * place to the next.
 */
final class GroupLagMeters {
    private static final GroupTopic OTHER = new GroupTopic(TopicMeters.OTHER, TopicMeters.OTHER);

    private final int seriesMax;
    private final Set<GroupTopic> own = new HashSet<>();
    private final MultiGauge lags;

    GroupLagMeters(MeterRegistry registry, int seriesMax) {
        this.seriesMax = seriesMax;
        this.lags = MultiGauge.builder("millrace.group.lag.records")
                .description(
                        "Records of a topic that a group has yet to read, by what it has committed; told by the broker that"
                                + " coordinates the group, which looks when it is asked, every 5 seconds at most.")
                .register(registry);
    }

    synchronized void show(SortedMap<GroupTopic, Long> now) {
        own.retainAll(now.keySet());
        Map<GroupTopic, Long> shown = new TreeMap<>();
        now.forEach((key, lag) -> {
            boolean isOwn = own.contains(key) || (own.size() < seriesMax && own.add(key));
            shown.merge(isOwn ? key : OTHER, lag, Long::sum);
        });
        lags.register(
                shown.entrySet().stream()
                        .map(entry -> MultiGauge.Row.of(
                                Tags.of(
                                        "group",
                                        entry.getKey().group(),
                                        "topic",
                                        entry.getKey().topic()),
                                entry.getValue()))
                        .toList(),
                true);
    }
}
