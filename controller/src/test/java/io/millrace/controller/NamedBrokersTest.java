package io.millrace.controller;

import static io.millrace.controller.Samples.apply;
import static io.millrace.controller.Samples.cluster;
import static io.millrace.controller.Samples.live;
import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestInbox;
import akka.actor.typed.ActorRef;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.controller.placement.ReplicaWeights;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Topics whose brokers a user names. */
class NamedBrokersTest {
    private static final ActorRef<ControllerReply> ANYONE =
            TestInbox.<ControllerReply>create().getRef();
    private static final int LIMIT = 5;

    private final ControllerDecisions decisions =
            new ControllerDecisions(LIMIT, Set.of(), Samples.configuration(() -> ControllerSettings.DEFAULT));
    private ClusterMetadata metadata = cluster(1, 2, 3, 4);
    private LiveBrokers live = live(1, 2, 3, 4);

    private ControllerDecisions.Decision create(int partitions, int replicationFactor, List<List<Integer>> named) {
        return decide(
                new ControllerCommand.CreateTopic("orders", partitions, replicationFactor, named, Map.of(), 1, ANYONE));
    }

    private ControllerDecisions.Decision grow(int partitions, List<List<Integer>> named) {
        return decide(new ControllerCommand.AlterTopic("orders", Map.of(), List.of(), partitions, named, 1, ANYONE));
    }

    private ControllerDecisions.Decision decide(ControllerCommand.Request request) {
        return decisions.decide(request, metadata, live, () -> ReplicaWeights.ALIKE);
    }

    private static MetadataCommand command(ControllerDecisions.Decision decision) {
        return ((ControllerDecisions.Submit) decision).command();
    }

    private static String problem(ControllerDecisions.Decision decision) {
        return ((ControllerReply.InvalidAssignment) ((ControllerDecisions.Answer) decision).reply()).problem();
    }

    @Test
    void partitionsAreWhereTheyAreSaidToBeHoweverUneven() {
        List<List<Integer>> named = List.of(List.of(3, 1), List.of(3, 1));

        MetadataCommand created = new MetadataCommand.CreateTopic(1, "orders", 2, named, new TreeMap<>());
        assertThat(command(create(0, 0, named))).isEqualTo(created);
        assertThat(command(create(2, 2, named))).isEqualTo(created);
    }

    @Test
    void whatTheAssignmentDoesNotSayMustNotBeAskedFor() {
        List<List<Integer>> named = List.of(List.of(1, 2), List.of(2, 3));
        assertThat(problem(create(3, 0, named)))
                .isEqualTo("brokers are named for 2 partitions, and the new ones are 0 to 2");
        assertThat(problem(create(0, 3, named))).isEqualTo("partition 0 has 2 replicas, not 3");
        assertThat(problem(create(0, -1, named))).isEqualTo("partition 0 has 2 replicas, not -1");
        assertThat(((ControllerDecisions.Answer) create(0, 0, List.of())).reply())
                .as("neither a number nor brokers")
                .isEqualTo(new ControllerReply.InvalidPartitions(0, LIMIT));
        List<List<Integer>> tooMany = List.of(List.of(1), List.of(1), List.of(1), List.of(1), List.of(1), List.of(1));
        assertThat(((ControllerDecisions.Answer) create(0, 0, tooMany)).reply())
                .isEqualTo(new ControllerReply.InvalidPartitions(6, LIMIT));
    }

    @Test
    void eachPartitionHasAsManyReplicasAndNoBrokerTwice() {
        assertThat(problem(create(0, 0, List.of(List.of(1, 2), List.of(3)))))
                .isEqualTo("partition 1 has 1 replicas, not 2");
        assertThat(problem(create(0, 0, List.of(List.of(1), List.of())))).isEqualTo("partition 1 needs a replica");
        assertThat(problem(create(0, 0, List.of(List.of(), List.of(1))))).isEqualTo("partition 0 needs a replica");
        assertThat(problem(create(0, 0, List.of(List.of(1, 2), List.of(3, 3)))))
                .isEqualTo("partition 1 has a broker twice: [3, 3]");
    }

    @Test
    void brokersMustBeThereToStay() {
        assertThat(problem(create(0, 0, List.of(List.of(1, 2), List.of(1, 9)))))
                .isEqualTo("partition 1 has a replica on a broker that is not registered: [1, 9]");
        metadata = apply(metadata, new MetadataCommand.SetBrokerState(1, 3, BrokerState.DRAINING));
        assertThat(problem(create(0, 0, List.of(List.of(1, 2), List.of(2, 3)))))
                .isEqualTo("partition 1: broker 3 is drained");
    }

    @Test
    void aMajorityOfEachPartitionMustBeWithinReach() {
        live = live(1, 2);
        assertThat(command(create(0, 0, List.of(List.of(3, 1, 2))))).isInstanceOf(MetadataCommand.CreateTopic.class);
        assertThat(problem(create(0, 0, List.of(List.of(1, 2, 3), List.of(1, 3, 4)))))
                .isEqualTo("partition 1 could elect no leader: of brokers [1, 3, 4] only 1 can be reached");
    }

    @Test
    void partitionsThatAreAddedGoWhereTheyAreSaidTo() {
        metadata = apply(metadata, new MetadataCommand.CreateTopic(1, "orders", 2, List.of(List.of(1, 2))));
        TopicMetadata before = metadata.topic("orders").orElseThrow();
        List<List<Integer>> named = List.of(List.of(3, 4), List.of(3, 1));

        MetadataCommand growth = command(grow(3, named));

        assertThat(growth).isEqualTo(new MetadataCommand.AlterTopic(1, "orders", before.id(), new TreeMap<>(), named));
        metadata = apply(metadata, growth);
        assertThat(((ControllerDecisions.Answer) grow(3, named)).reply())
                .as("asked again, since the answer was lost")
                .isInstanceOf(ControllerReply.TopicAltered.class);
        assertThat(problem(grow(3, List.of(List.of(4, 3), List.of(3, 1)))))
                .as("another wish")
                .isEqualTo("brokers are named for 2 partitions, and none is new");
    }

    @Test
    void brokersAreNamedForNewPartitionsOnly() {
        metadata =
                apply(metadata, new MetadataCommand.CreateTopic(1, "orders", 2, List.of(List.of(1, 2), List.of(1, 2))));
        assertThat(problem(grow(1, List.of(List.of(3, 1)))))
                .isEqualTo("brokers are named for new partitions, which begin with 2; those that there are can be"
                        + " reassigned");
        assertThat(problem(grow(5, List.of(List.of(3, 1)))))
                .isEqualTo("brokers are named for 1 partition, and the new ones are 2 to 4");
    }

    @Test
    void partitionsThatAreAddedAreCheckedAsOthersAre() {
        metadata = apply(metadata, new MetadataCommand.CreateTopic(1, "orders", 2, List.of(List.of(1, 2))));
        assertThat(problem(grow(0, List.of(List.of(3, 4)))))
                .isEqualTo("brokers are named for 1 partition, and none is new");
        assertThat(problem(grow(2, List.of(List.of(3))))).isEqualTo("partition 1 has 1 replicas, not 2");
        assertThat(problem(grow(2, List.of(List.of(3, 9)))))
                .isEqualTo("partition 1 has a replica on a broker that is not registered: [3, 9]");
    }
}
