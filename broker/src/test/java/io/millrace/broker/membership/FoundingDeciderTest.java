package io.millrace.broker.membership;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.ActorSystem;
import akka.actor.Address;
import akka.discovery.ServiceDiscovery.ResolvedTarget;
import akka.http.scaladsl.model.Uri;
import akka.management.cluster.bootstrap.ClusterBootstrap;
import akka.management.cluster.bootstrap.ClusterBootstrapSettings;
import akka.management.cluster.bootstrap.JoinDecision;
import akka.management.cluster.bootstrap.JoinOtherSeedNodes;
import akka.management.cluster.bootstrap.JoinSelf;
import akka.management.cluster.bootstrap.KeepProbing;
import akka.management.cluster.bootstrap.SeedNodesInformation;
import akka.management.cluster.bootstrap.SeedNodesObservation;
import akka.testkit.javadsl.TestKit;
import io.millrace.broker.config.SettingsLoader;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;
import scala.jdk.javaapi.OptionConverters;

/** This broker's HTTP address is 127.0.0.1:9102; the seeds are localhost:9101 to 9103: another name for the same. */
class FoundingDeciderTest {
    private static final LocalDateTime STARTED = LocalDateTime.of(2026, 11, 21, 12, 0);
    private static final Address MEMBER = new Address("akka", "millrace", "127.0.0.1", 2551);

    private static ActorSystem system = ActorSystem.create("unset");

    @BeforeAll
    static void start() {
        TestKit.shutdownActorSystem(system);
        var settings = SettingsLoader.load(
                Optional.empty(),
                Map.of(),
                Map.of(
                        "millrace.http.port", "9102",
                        "millrace.cluster.seeds", "localhost:9101,localhost:9102,localhost:9103",
                        "akka.actor.provider", "cluster",
                        "akka.remote.artery.canonical.port", "0"));
        system = ActorSystem.create(
                "millrace",
                com.typesafe.config.ConfigFactory.parseString("akka.remote.artery.canonical.port = 0")
                        .withFallback(settings.akka()));
        ClusterBootstrap.get(system).setSelfContactPoint(Uri.apply("http://127.0.0.1:9102"));
    }

    @AfterAll
    static void stop() {
        TestKit.shutdownActorSystem(system);
    }

    @Test
    void aBrokerAloneNeverFoundsACluster() throws Exception {
        assertThat(decide(Duration.ofHours(1), 9102)).isEqualTo(KeepProbing.getInstance());
    }

    @Test
    void whoIsNotTheLowestOfThoseThatAnswerWaitsForTheLowest() throws Exception {
        assertThat(decide(Duration.ofHours(1), 9101, 9102, 9103)).isEqualTo(KeepProbing.getInstance());
    }

    @Test
    void theLowestOfAMajorityFoundsTheClusterWhenTheOthersHaveHadTheirTime() throws Exception {
        assertThat(decide(FoundingDecider.WITHOUT_ALL.minusMillis(1), 9102, 9103))
                .isEqualTo(KeepProbing.getInstance());
        assertThat(decide(FoundingDecider.WITHOUT_ALL, 9102, 9103)).isEqualTo(JoinSelf.getInstance());
    }

    @Test
    void ifAllSeedsAnswerThereIsLittleToWaitFor() throws Exception {
        assertThat(decideAsLowest(Duration.ofMillis(999))).isEqualTo(KeepProbing.getInstance());
        assertThat(decideAsLowest(Duration.ofSeconds(1))).isEqualTo(JoinSelf.getInstance());
    }

    @Test
    void aClusterThatAnySeedKnowsIsJoinedAtOnce() throws Exception {
        JoinDecision decision = decide(Duration.ZERO, Set.of(MEMBER), 9103);

        assertThat(decision).isInstanceOf(JoinOtherSeedNodes.class);
        assertThat(CollectionConverters.asJava(((JoinOtherSeedNodes) decision).seedNodes()))
                .containsExactly(MEMBER);
    }

    private static JoinDecision decide(Duration afterStart, int... answering) throws Exception {
        return decide(afterStart, Set.of(), answering);
    }

    private static JoinDecision decideAsLowest(Duration afterStart) throws Exception {
        return decide(afterStart, Set.of(), Set.of(seed(9102), seed(9103)), 9102, 9103);
    }

    private static JoinDecision decide(Duration afterStart, Set<Address> known, int... answering) throws Exception {
        return decide(afterStart, known, Set.of(seed(9101), seed(9102), seed(9103)), answering);
    }

    /** @param known what the seeds that answer know of a cluster */
    private static JoinDecision decide(
            Duration afterStart, Set<Address> known, Set<ResolvedTarget> seeds, int... answering) throws Exception {
        LocalDateTime now = STARTED.plus(afterStart);
        Set<SeedNodesObservation> observations = new HashSet<>();
        for (int port : answering) {
            observations.add(new SeedNodesObservation(now, seed(port), MEMBER, scalaSet(known)));
        }
        SeedNodesInformation info = new SeedNodesInformation(now, STARTED, scalaSet(seeds), scalaSet(observations));
        ClusterBootstrapSettings settings =
                ClusterBootstrapSettings.apply(system.settings().config(), akka.event.NoLogging$.MODULE$);
        var decision = new FoundingDecider(system, settings).decide(info);
        return scala.jdk.javaapi.FutureConverters.asJava(decision)
                .toCompletableFuture()
                .get();
    }

    private static ResolvedTarget seed(int port) {
        return new ResolvedTarget("localhost", OptionConverters.toScala(Optional.of(port)), Option.empty());
    }

    private static <T> scala.collection.immutable.Set<T> scalaSet(Set<T> set) {
        return CollectionConverters.asScala(set).toSet();
    }
}
