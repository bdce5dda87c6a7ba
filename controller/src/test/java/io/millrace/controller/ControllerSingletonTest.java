package io.millrace.controller;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.Behaviors;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Join;
import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.millrace.controller.metadata.Applied;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.partition.replica.ReplicaMessage;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** On a real Akka Cluster of one node, with a metadata group that commits at once. */
class ControllerSingletonTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Config CONFIG = ConfigFactory.parseString(
                    """
                    akka.actor.provider = cluster
                    akka.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                    akka.cluster.roles = ["broker-1", "metadata-voter"]
                    akka.cluster.jmx.enabled = off
                    """)
            .withFallback(ConfigFactory.load("application-test"));
    private static final ActorTestKit KIT = ActorTestKit.create("millrace", CONFIG);

    @BeforeAll
    static void join() {
        Cluster cluster = Cluster.get(KIT.system());
        cluster.manager().tell(Join.create(cluster.selfMember().address()));
    }

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void aBrokerThatHasJoinedRegistersAndGetsATopic() {
        MetadataView view = new MetadataView();
        BrokerLiveness liveness = new BrokerLiveness();
        KIT.spawn(liveness.tracker());
        ActorRef<ReplicaMessage> metadata = KIT.spawn(Behaviors.receiveMessage(message -> {
            MetadataReplica.Propose proposal = (MetadataReplica.Propose) message;
            ClusterMetadata before = view.current();
            Applied applied = before.apply(before.appliedIndex() + 1, proposal.command());
            view.publish(new MetadataView.State(applied.next(), true, Optional.empty()));
            proposal.replyTo()
                    .tell(new ProposalOutcome.Applied(
                            proposal.requestId(), applied.next().appliedIndex(), applied.result()));
            return Behaviors.same();
        }));
        ActorRef<ControllerCommand> controller = ControllerSingleton.start(
                KIT.system(),
                Controller.create(
                        1,
                        metadata::tell,
                        NoReplicas.INSTANCE,
                        view,
                        liveness,
                        Samples.configuration(() -> ControllerSettings.DEFAULT),
                        () -> UUID.randomUUID().toString(),
                        Clock.systemUTC()));
        TestProbe<ControllerReply> asker = KIT.createTestProbe();

        controller.tell(new ControllerCommand.RegisterBroker(
                Optional.empty(),
                BrokerLiveness.addressOf(KIT.system()),
                Samples.broker(1),
                PATIENCE.toMillis(),
                asker.getRef()));
        assertThat(asker.receiveMessage(PATIENCE)).isInstanceOf(ControllerReply.BrokerRegistered.class);

        asker.awaitAssert(PATIENCE, () -> {
            assertThat(liveness.isAlive(1)).isTrue();
            return true;
        });
        assertThat(liveness.current().othersNamed(1, BrokerLiveness.addressOf(KIT.system())))
                .isEmpty();
        controller.tell(new ControllerCommand.CreateTopic(
                "orders", 3, 1, List.of(), Map.of(), PATIENCE.toMillis(), asker.getRef()));
        assertThat(asker.receiveMessage(PATIENCE)).isInstanceOf(ControllerReply.TopicCreated.class);
    }
}
