package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import io.millrace.broker.routing.LeaderDirectory;
import io.millrace.controller.CaughtUpView;
import io.millrace.controller.ControllerCommand;
import io.millrace.controller.MetadataView;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.Endpoint;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.partition.log.Retention;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.ReplicaId;
import io.millrace.partition.replica.ReplicaMessage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplicaManagerTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
    private static final ManualTime TIME = ManualTime.get(KIT.system());
    private static final long TOPIC_ID = 4;

    private final TestProbe<ReplicaMessage> replica = KIT.createTestProbe();
    private final MetadataView view = new MetadataView();

    private ClusterMetadata metadata = ClusterMetadata.EMPTY;

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    private void apply(MetadataCommand command) {
        metadata = metadata.apply(metadata.appliedIndex() + 1, command).next();
        CaughtUpView.change(view, metadata);
    }

    @Test
    void aReplicaIsToldWhereItsPartitionShallBeUntilItIsThere(@TempDir Path directory) {
        apply(new MetadataCommand.ClaimController(0, 1, "c"));
        for (int id : List.of(1, 2)) {
            Endpoint somewhere = new Endpoint("h", 1);
            apply(new MetadataCommand.RegisterBroker(
                    1,
                    Optional.empty(),
                    Optional.empty(),
                    new BrokerRegistration(id, "d" + id, somewhere, somewhere, Optional.empty())));
        }
        apply(new MetadataCommand.CreateTopic(1, "orders", 1, List.of(List.of(2))));
        apply(new MetadataCommand.ReassignPartitions(
                1,
                List.of(new MetadataCommand.PartitionTarget(
                        "orders", TOPIC_ID, 0, List.of(1), ReassignmentCause.REQUESTED))));
        KIT.spawn(ReplicaManager.create(
                1,
                view,
                () -> Retention.FOREVER,
                new PeerRouter() {
                    @Override
                    public boolean tell(ReplicaId to, ReplicaMessage message) {
                        replica.getRef().tell(message);
                        return true;
                    }

                    @Override
                    public boolean isReachable(int broker) {
                        return true;
                    }
                },
                KIT.<LeaderDirectory.Command>createTestProbe().getRef(),
                KIT.<ControllerCommand>createTestProbe().getRef(),
                directory,
                Runnable::run));

        replica.expectMessage(ReplicaMessage.Open.INSTANCE);
        for (int times = 0; times < 3; times++) {
            assertThat(replica.expectMessageClass(ReplicaMessage.Relocate.class).brokers())
                    .isEqualTo(Set.of(1));
            TIME.timePasses(Duration.ofSeconds(5));
        }
        assertThat(replica.expectMessageClass(ReplicaMessage.Relocate.class).index())
                .isEqualTo(5);

        apply(new MetadataCommand.CompleteReassignments(
                1, List.of(new MetadataCommand.PartitionReassigned("orders", TOPIC_ID, 0, 5))));
        replica.expectMessageClass(ReplicaMessage.Relocate.class); // who it is with now
        TIME.expectNoMessageFor(Duration.ofSeconds(20), replica);
    }
}
