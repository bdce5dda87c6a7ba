package io.millrace.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.receptionist.Receptionist;
import com.typesafe.config.ConfigFactory;
import io.millrace.partition.replica.LeaderObserved;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.ReplicaId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LeaderDirectoryTest {
    private static final ActorTestKit KIT = ActorTestKit.create(
            ConfigFactory.parseString("akka.actor.provider = local").withFallback(ConfigFactory.load()));
    private static final int SELF = 1;
    private static final int OTHER = 2;
    private static final PartitionKey PARTITION = new PartitionKey(7, 0);

    private final LeaderView view = new LeaderView();
    private final ActorRef<LeaderDirectory.Command> directory = KIT.spawn(LeaderDirectory.create(SELF, view));
    private final TestProbe<LeaderChanged> changes = KIT.createTestProbe();
    private final ActorRef<PartitionCommand> here =
            KIT.<PartitionCommand>createTestProbe().ref();
    private final ActorRef<PartitionCommand> there =
            KIT.<PartitionCommand>createTestProbe().ref();

    LeaderDirectoryTest() {
        directory.tell(new LeaderDirectory.Subscribe(changes.ref()));
    }

    @AfterEach
    void stopDirectory() {
        KIT.stop(directory);
    }

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    @Test
    void aReadyLeaderOfThisBrokerIsFound() {
        observe(3, OptionalInt.of(SELF), here);

        assertThat(leader()).isEqualTo(new Leader(3, OptionalInt.of(SELF), here, true));
    }

    @Test
    void aLeaderElsewhereIsFoundByItsClaim() {
        claim(3, there);

        assertThat(leader()).isEqualTo(new Leader(3, OptionalInt.of(OTHER), there, true));
    }

    @Test
    void theHighestTermWinsWhateverTheOrder() {
        claim(5, there);
        observe(4, OptionalInt.of(SELF), here);
        claim(3, there);
        sync();

        assertThat(view.leaderOf(PARTITION).orElseThrow().term()).isEqualTo(5);
        changes.expectMessage(new LeaderChanged(PARTITION));
        assertThat(changes.receiveMessage().partition()).as("no second change").isNotEqualTo(PARTITION);
    }

    @Test
    void aFollowerThatLearnsOfTheSameTermDoesNotHideWhereTheLeaderIs() {
        claim(3, there);
        observe(3, OptionalInt.of(OTHER), null);
        sync();

        assertThat(view.leaderOf(PARTITION).orElseThrow().readyRef()).isEqualTo(there);
    }

    @Test
    void aFollowerThatMissesItsLeaderForAMomentDoesNotHideWhereTheLeaderIs() {
        claim(3, there);
        observe(3, OptionalInt.empty(), null); // it asked for votes before a new term, and got none
        observe(3, OptionalInt.of(OTHER), null);
        sync();

        assertThat(view.leaderOf(PARTITION).orElseThrow().readyRef()).isEqualTo(there);
    }

    @Test
    void aLaterTermWithoutALeaderMakesRequestsWait() {
        claim(3, there);
        observe(4, OptionalInt.empty(), null);
        sync();

        assertThat(view.leaderOf(PARTITION).orElseThrow().readyRef()).isNull();
    }

    @Test
    void aLeaderThatStepsDownIsWithdrawnEverywhere() {
        TestProbe<LeaderDirectory.Command> peer = KIT.createTestProbe();
        KIT.system().receptionist().tell(Receptionist.register(LeaderDirectory.KEY, peer.ref()));
        observe(3, OptionalInt.of(SELF), here);
        assertThat(nextClaim(peer).ref()).isEqualTo(here);

        observe(3, OptionalInt.empty(), null);

        assertThat(nextClaim(peer)).isEqualTo(new LeaderDirectory.Claim(7, 0, 3, SELF, null));
        sync();
        assertThat(view.leaderOf(PARTITION).orElseThrow().readyRef()).isNull();
    }

    @Test
    void aDirectorySeenForTheFirstTimeGetsAllThatLeadHere() {
        observe(3, OptionalInt.of(SELF), here);
        TestProbe<LeaderDirectory.Command> late = KIT.createTestProbe();

        KIT.system().receptionist().tell(Receptionist.register(LeaderDirectory.KEY, late.ref()));

        assertThat(nextClaim(late)).isEqualTo(new LeaderDirectory.Claim(7, 0, 3, SELF, here));
    }

    @Test
    void anUnreachableBrokersLeadersAreNotUsedUntilItIsBack() {
        claim(3, there);

        directory.tell(new LeaderDirectory.Reachability(OTHER, false));
        sync();
        assertThat(view.leaderOf(PARTITION).orElseThrow().readyRef()).isNull();

        directory.tell(new LeaderDirectory.Reachability(OTHER, true));
        sync();
        assertThat(view.leaderOf(PARTITION).orElseThrow().readyRef()).isEqualTo(there);
    }

    @Test
    void aBrokerThatIsGoneTakesItsLeadersWithIt() {
        claim(3, there);

        directory.tell(new LeaderDirectory.Gone(OTHER));
        directory.tell(new LeaderDirectory.Reachability(OTHER, true));
        sync();

        assertThat(view.leaderOf(PARTITION).orElseThrow().readyRef()).isNull();
    }

    @Test
    void aDeletedTopicIsForgotten() {
        claim(3, there);

        directory.tell(new LeaderDirectory.Forget(Set.of(7L)));
        sync();

        assertThat(view.leaderOf(PARTITION)).isEmpty();
    }

    @Test
    void claimsSurviveTheWayToAnotherBroker() {
        LeaderDirectory.Claim leads = new LeaderDirectory.Claim(7, 0, 3, OTHER, there);
        LeaderDirectory.Claim gaveUp = new LeaderDirectory.Claim(7, 1, 3, OTHER, null);

        var unused = KIT.serializationTestKit()
                .verifySerialization(new LeaderDirectory.Claims(List.of(leads, gaveUp)), true);
    }

    private void observe(long term, OptionalInt leader, @Nullable ActorRef<PartitionCommand> ref) {
        directory.tell(new LeaderDirectory.Observed(
                new LeaderObserved(new ReplicaId("t", 7, 0, SELF), term, leader, Optional.ofNullable(ref))));
    }

    private void claim(long term, ActorRef<PartitionCommand> ref) {
        directory.tell(new LeaderDirectory.Claims(List.of(new LeaderDirectory.Claim(7, 0, term, OTHER, ref))));
    }

    private Leader leader() {
        changes.expectMessage(new LeaderChanged(PARTITION));
        return view.leaderOf(PARTITION).orElseThrow();
    }

    /** Everything told before has been handled. */
    private void sync() {
        TestProbe<LeaderChanged> probe = KIT.createTestProbe();
        directory.tell(new LeaderDirectory.Subscribe(probe.ref()));
        PartitionKey marker = new PartitionKey(99, 0);
        directory.tell(
                new LeaderDirectory.Claims(List.of(new LeaderDirectory.Claim(99, 0, System.nanoTime(), OTHER, there))));
        probe.expectMessage(new LeaderChanged(marker));
    }

    private static LeaderDirectory.Claim nextClaim(TestProbe<LeaderDirectory.Command> peer) {
        return peer.expectMessageClass(LeaderDirectory.Claims.class).claims().get(0);
    }
}
