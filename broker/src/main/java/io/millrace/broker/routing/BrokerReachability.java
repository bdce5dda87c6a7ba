package io.millrace.broker.routing;

import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.cluster.ClusterEvent;
import akka.cluster.Member;
import akka.cluster.UniqueAddress;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Subscribe;
import io.millrace.partition.replica.BrokerRole;
import io.millrace.partition.replica.BrokerWatch;
import java.util.function.Consumer;

/**
 * Translates Akka's view of members into brokers for the {@link LeaderDirectory} and the replicas of idle groups, and logs a
 * line for each change, which is what an operator looks for first.
 */
public final class BrokerReachability extends AbstractBehavior<ClusterEvent.ClusterDomainEvent> {
    private final ActorRef<LeaderDirectory.Command> directory;
    private final BrokerWatch watch;
    private final Consumer<Member> onMemberUp;
    private final BrokerProcesses<UniqueAddress> processes = new BrokerProcesses<>();

    /** @param onMemberUp told of each member that is up, this broker itself included */
    public static Behavior<ClusterEvent.ClusterDomainEvent> create(
            ActorRef<LeaderDirectory.Command> directory, BrokerWatch watch, Consumer<Member> onMemberUp) {
        return Behaviors.setup(context -> new BrokerReachability(context, directory, watch, onMemberUp));
    }

    private BrokerReachability(
            ActorContext<ClusterEvent.ClusterDomainEvent> context,
            ActorRef<LeaderDirectory.Command> directory,
            BrokerWatch watch,
            Consumer<Member> onMemberUp) {
        super(context);
        this.directory = directory;
        this.watch = watch;
        this.onMemberUp = onMemberUp;
        // Begins with what is, as if it all had happened just now.
        Cluster.get(context.getSystem())
                .subscriptions()
                .tell(Subscribe.create(context.getSelf(), ClusterEvent.ClusterDomainEvent.class));
    }

    @Override
    public Receive<ClusterEvent.ClusterDomainEvent> createReceive() {
        return newReceiveBuilder()
                .onMessage(ClusterEvent.MemberUp.class, this::onUp)
                .onMessage(ClusterEvent.MemberDowned.class, this::onDowned)
                .onMessage(ClusterEvent.MemberRemoved.class, this::onRemoved)
                .onMessage(ClusterEvent.UnreachableMember.class, this::onUnreachable)
                .onMessage(ClusterEvent.ReachableMember.class, this::onReachable)
                .onAnyMessage(other -> this)
                .build();
    }

    private Behavior<ClusterEvent.ClusterDomainEvent> onUp(ClusterEvent.MemberUp event) {
        log("{} is up", event.member());
        tell(event.member(), true);
        onMemberUp.accept(event.member());
        return this;
    }

    private Behavior<ClusterEvent.ClusterDomainEvent> onDowned(ClusterEvent.MemberDowned event) {
        tell(event.member(), false);
        return this;
    }

    private Behavior<ClusterEvent.ClusterDomainEvent> onRemoved(ClusterEvent.MemberRemoved event) {
        log("{} has left", event.member());
        BrokerRole.brokerIn(event.member().getRoles()).ifPresent(id -> {
            processes.left(id, event.member().uniqueAddress());
            if (!processes.hasAny(id)) {
                directory.tell(new LeaderDirectory.Gone(id));
            }
            tell(id, false);
        });
        return this;
    }

    private Behavior<ClusterEvent.ClusterDomainEvent> onUnreachable(ClusterEvent.UnreachableMember event) {
        log("{} cannot be reached", event.member());
        tell(event.member(), false);
        return this;
    }

    private Behavior<ClusterEvent.ClusterDomainEvent> onReachable(ClusterEvent.ReachableMember event) {
        log("{} can be reached again", event.member());
        tell(event.member(), true);
        return this;
    }

    private void tell(Member member, boolean canBeReached) {
        BrokerRole.brokerIn(member.getRoles()).ifPresent(id -> {
            processes.seen(id, member.uniqueAddress(), canBeReached);
            tell(id, canBeReached);
        });
    }

    /** Whoever sleeps and relied on a process that is lost looks anew, though another one has its id. */
    private void tell(int brokerId, boolean wasFound) {
        boolean canBeReached = processes.canBeReached(brokerId);
        if (processes.hasAny(brokerId)) {
            directory.tell(new LeaderDirectory.Reachability(brokerId, canBeReached));
        }
        if (!wasFound) {
            watch.unreachable(brokerId);
        }
        if (canBeReached) {
            watch.reachable(brokerId);
        }
    }

    /** Not while this broker stops: whoever leaves a cluster sees all others, and then itself, leave it. */
    private void log(String message, Member member) {
        if (CoordinatedShutdown.get(getContext().getSystem())
                .getShutdownReason()
                .isPresent()) {
            return;
        }
        String who = BrokerRole.brokerIn(member.getRoles()).isPresent()
                ? "Broker " + BrokerRole.brokerIn(member.getRoles()).getAsInt()
                : "Member " + member.getRoles();
        getContext().getLog().info(message, who + " (" + member.address().hostPort() + ")");
    }
}
