package io.millrace.broker.group.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.Endpoint;
import io.millrace.controller.metadata.TopicMetadata;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class TopicsTest {
    private static BrokerRegistration broker(int id, Optional<String> rack) {
        Endpoint somewhere = new Endpoint("localhost", 1);
        return new BrokerRegistration(id, "directory-" + id, somewhere, somewhere, rack);
    }

    @Test
    void eachPartitionIsInTheRacksOfItsReplicasAndInternalTopicsAreNobodys() {
        TreeMap<Integer, BrokerRegistration> brokers = new TreeMap<>();
        brokers.put(1, broker(1, Optional.of("a")));
        brokers.put(2, broker(2, Optional.of("b")));
        brokers.put(3, broker(3, Optional.empty()));
        TreeMap<String, TopicMetadata> topics = new TreeMap<>();
        topics.put("t", new TopicMetadata("t", 7, 2, List.of(List.of(1, 2), List.of(3, 1), List.of(3))));
        topics.put("__groups", new TopicMetadata("__groups", 8, 1, List.of(List.of(1))));

        Topics known = Topics.of(
                new ClusterMetadata(Optional.of("c"), 1, OptionalInt.of(1), brokers, new TreeSet<>(), topics, 9));

        assertThat(known.all())
                .containsExactly(new Topics.Topic("t", 7, List.of(Set.of("a", "b"), Set.of("a"), Set.of())));
    }
}
