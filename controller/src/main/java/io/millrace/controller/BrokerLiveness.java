package io.millrace.controller;

import akka.actor.typed.ActorSystem;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.cluster.ClusterEvent;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.UniqueAddress;
import akka.cluster.typed.Cluster;
import akka.cluster.typed.Subscribe;
import io.millrace.partition.replica.BrokerRole;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which brokers this broker can reach, by Akka Cluster: the members that are Up and reachable, told apart by their role
 * {@code broker-<id>}. One actor writes it, from the cluster's events; anyone reads it, from any thread.
 *
 * <p>Reachability and not membership alone: a killed broker is unreachable within seconds, but removed only after the split
 * brain resolver was sure. This helps to do the right thing soon; that nothing wrong is done, is Raft's business.
 */
public final class BrokerLiveness {
    private volatile LiveBrokers live = LiveBrokers.NONE;

    /** How {@link LiveBrokers} names this node. */
    public static String addressOf(ActorSystem<?> system) {
        return addressOf(Cluster.get(system).selfMember().uniqueAddress());
    }

    private static String addressOf(UniqueAddress node) {
        return node.address() + "#" + node.longUid();
    }

    public LiveBrokers current() {
        return live;
    }

    public boolean isAlive(int brokerId) {
        return live.contains(brokerId);
    }

    void publish(LiveBrokers next) {
        live = next;
    }

    /** What keeps it up to date: spawn it once. */
    public Behavior<ClusterEvent.ClusterDomainEvent> tracker() {
        return Behaviors.setup(context -> {
            Cluster.get(context.getSystem())
                    .subscriptions()
                    .tell(Subscribe.create(context.getSelf(), ClusterEvent.ClusterDomainEvent.class));
            return new Tracker(context, this);
        });
    }

    /** The cluster first tells what is, as if it all had happened just now. */
    private static final class Tracker extends AbstractBehavior<ClusterEvent.ClusterDomainEvent> {
        private final BrokerLiveness published;
        private final Map<UniqueAddress, Member> members = new HashMap<>();
        private final Set<UniqueAddress> unreachable = new HashSet<>();

        Tracker(ActorContext<ClusterEvent.ClusterDomainEvent> context, BrokerLiveness published) {
            super(context);
            this.published = published;
        }

        @Override
        public Receive<ClusterEvent.ClusterDomainEvent> createReceive() {
            return newReceiveBuilder()
                    .onMessage(ClusterEvent.MemberRemoved.class, removed -> onRemoved(removed.member()))
                    .onMessage(ClusterEvent.MemberEvent.class, changed -> onChanged(changed.member()))
                    .onMessage(ClusterEvent.UnreachableMember.class, lost -> onUnreachable(lost.member()))
                    .onMessage(ClusterEvent.ReachableMember.class, back -> onReachable(back.member()))
                    .onAnyMessage(other -> this)
                    .build();
        }

        private Behavior<ClusterEvent.ClusterDomainEvent> onChanged(Member member) {
            members.put(member.uniqueAddress(), member);
            return publish();
        }

        private Behavior<ClusterEvent.ClusterDomainEvent> onRemoved(Member member) {
            members.remove(member.uniqueAddress());
            unreachable.remove(member.uniqueAddress());
            return publish();
        }

        private Behavior<ClusterEvent.ClusterDomainEvent> onUnreachable(Member member) {
            unreachable.add(member.uniqueAddress());
            return publish();
        }

        private Behavior<ClusterEvent.ClusterDomainEvent> onReachable(Member member) {
            unreachable.remove(member.uniqueAddress());
            return publish();
        }

        private Behavior<ClusterEvent.ClusterDomainEvent> publish() {
            NavigableMap<Integer, NavigableSet<String>> byBroker = new TreeMap<>();
            for (Member member : members.values()) {
                if (member.status().equals(MemberStatus.up()) && !unreachable.contains(member.uniqueAddress())) {
                    BrokerRole.brokerIn(member.getRoles())
                            .ifPresent(brokerId -> byBroker.computeIfAbsent(brokerId, id -> new TreeSet<>())
                                    .add(addressOf(member.uniqueAddress())));
                }
            }
            LiveBrokers next = new LiveBrokers(byBroker);
            if (!next.equals(published.live)) {
                getContext().getLog().debug("Reachable brokers: {}", next.members());
                published.publish(next);
            }
            return this;
        }
    }
}
