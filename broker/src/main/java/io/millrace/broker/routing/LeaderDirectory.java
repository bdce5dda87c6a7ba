package io.millrace.broker.routing;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.receptionist.Receptionist;
import akka.actor.typed.receptionist.ServiceKey;
import io.millrace.partition.replica.ControlMessage;
import io.millrace.partition.replica.LeaderObserved;
import io.millrace.partition.replica.PartitionCommand;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who leads each partition, kept up to date on every broker.
 *
 * <p>The replicas of this broker say what they observe. Of that, a directory passes on only what it knows at first hand: that
 * a replica <em>here</em> leads in a term, or leads no more. A directory that it sees for the first time gets all of it. A
 * later term is always right about an earlier one, and a term has one leader, whose claims arrive in the order in which
 * its broker made them: so the last writer of the highest term wins, whatever the order between brokers.
 *
 * <p>This is a hint and never needed for safety: a replica that does not lead says so.
 */
public final class LeaderDirectory extends AbstractBehavior<LeaderDirectory.Command> {
    static final ServiceKey<Command> KEY = ServiceKey.create(Command.class, "millrace-leader-directory");
    /** Claims in one message to another directory. */
    private static final int CLAIMS_MAX = 1_000;

    public sealed interface Command {}

    /** From a replica of this broker. */
    public record Observed(LeaderObserved observed) implements Command {}

    /** Tell this one of each change from now on, until it stops. */
    public record Subscribe(ActorRef<LeaderChanged> subscriber) implements Command {}

    /** These topics are gone for good. */
    public record Forget(Set<Long> topicIds) implements Command {
        public Forget {
            topicIds = Set.copyOf(topicIds);
        }
    }

    /** As the failure detector or the membership says. */
    public record Reachability(int brokerId, boolean reachable) implements Command {}

    /** Has left for good, or its process has been replaced by another: its actors are gone. */
    public record Gone(int brokerId) implements Command {}

    /** From the directory of another broker. */
    record Claims(List<Claim> claims) implements Command, ControlMessage {
        Claims {
            claims = List.copyOf(claims);
        }
    }

    /** @param ref null: the replica there does not lead in this term any more */
    record Claim(long topicId, int partition, long term, int brokerId, @Nullable ActorRef<PartitionCommand> ref) {
        PartitionKey key() {
            return new PartitionKey(topicId, partition);
        }
    }

    private record Unsubscribed(ActorRef<LeaderChanged> subscriber) implements Command {}

    private record Listing(Set<ActorRef<Command>> directories) implements Command {}

    private final int brokerId;
    private final Map<PartitionKey, Leader> leaders;
    /** Of replicas here that lead now. */
    private final Map<PartitionKey, Claim> ownClaims = new HashMap<>();

    private final Set<Integer> unreachable = new HashSet<>();
    private final List<ActorRef<LeaderChanged>> subscribers = new ArrayList<>();
    private Set<ActorRef<Command>> peers = Set.of();

    public static Behavior<Command> create(int brokerId, LeaderView view) {
        return Behaviors.setup(context -> new LeaderDirectory(context, brokerId, view));
    }

    private LeaderDirectory(ActorContext<Command> context, int brokerId, LeaderView view) {
        super(context);
        this.brokerId = brokerId;
        this.leaders = view.leaders();
        ActorRef<Receptionist.Listing> listings = context.messageAdapter(
                Receptionist.Listing.class, listing -> new Listing(listing.getServiceInstances(KEY)));
        ActorRef<Receptionist.Command> receptionist = context.getSystem().receptionist();
        receptionist.tell(Receptionist.register(KEY, context.getSelf()));
        receptionist.tell(Receptionist.subscribe(KEY, listings));
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder()
                .onMessage(Observed.class, this::onObserved)
                .onMessage(Claims.class, this::onClaims)
                .onMessage(Reachability.class, this::onReachability)
                .onMessage(Gone.class, this::onGone)
                .onMessage(Forget.class, this::onForget)
                .onMessage(Listing.class, this::onListing)
                .onMessage(Subscribe.class, this::onSubscribe)
                .onMessage(Unsubscribed.class, this::onUnsubscribed)
                .build();
    }

    private Behavior<Command> onObserved(Observed message) {
        LeaderObserved observed = message.observed();
        PartitionKey key = new PartitionKey(
                observed.replica().topicId(), observed.replica().partition());
        ActorRef<PartitionCommand> ref = observed.leaderRef().orElse(null);
        OptionalInt broker = ref == null ? observed.leader() : OptionalInt.of(brokerId);
        // A follower here learns who leads in a term without learning where, and may miss that leader for a moment:
        // neither
        // must hide what the leader itself said. If that was our own replica, withdraw() sees to it.
        boolean knowsLess = ref == null && isKnownToLeadIn(observed.term(), key);
        boolean changed = !knowsLess && merge(key, observed.term(), broker, ref);
        if (ref != null) {
            Claim claim = new Claim(key.topicId(), key.partition(), observed.term(), brokerId, ref);
            ownClaims.put(key, claim);
            tellPeers(claim);
        } else {
            withdraw(key);
        }
        if (changed) {
            tellSubscribers(key);
        }
        return this;
    }

    /** The replica here has stepped down: whoever believes in it should wait for the next leader instead of asking it. */
    private void withdraw(PartitionKey key) {
        Claim claim = ownClaims.remove(key);
        if (claim != null) {
            tellPeers(new Claim(claim.topicId(), claim.partition(), claim.term(), brokerId, null));
            if (isKnownToLeadIn(claim.term(), key)) {
                leaders.put(key, new Leader(claim.term(), OptionalInt.empty(), null, true));
                tellSubscribers(key);
            }
        }
    }

    private boolean isKnownToLeadIn(long term, PartitionKey key) {
        Leader known = leaders.get(key);
        return known != null && known.term() == term && known.ref() != null;
    }

    private Behavior<Command> onClaims(Claims message) {
        for (Claim claim : message.claims()) {
            OptionalInt broker = claim.ref() == null ? OptionalInt.empty() : OptionalInt.of(claim.brokerId());
            if (claim.brokerId() != brokerId && merge(claim.key(), claim.term(), broker, claim.ref())) {
                tellSubscribers(claim.key());
            }
        }
        return this;
    }

    private boolean merge(PartitionKey key, long term, OptionalInt broker, @Nullable ActorRef<PartitionCommand> ref) {
        Leader known = leaders.get(key);
        if (known != null && known.term() > term) {
            return false;
        }
        boolean reachable = broker.isEmpty() || !unreachable.contains(broker.getAsInt());
        Leader leader = new Leader(term, broker, ref, reachable);
        leaders.put(key, leader);
        return !leader.equals(known);
    }

    private Behavior<Command> onReachability(Reachability message) {
        boolean changed =
                message.reachable() ? unreachable.remove(message.brokerId()) : unreachable.add(message.brokerId());
        if (changed) {
            leaders.forEach((key, leader) -> {
                if (leader.broker().equals(OptionalInt.of(message.brokerId()))) {
                    leaders.put(key, leader.reachable(message.reachable()));
                    tellSubscribers(key);
                }
            });
        }
        return this;
    }

    private Behavior<Command> onGone(Gone message) {
        unreachable.remove(message.brokerId());
        leaders.forEach((key, leader) -> {
            if (leader.broker().equals(OptionalInt.of(message.brokerId()))) {
                leaders.put(key, new Leader(leader.term(), OptionalInt.empty(), null, true));
                tellSubscribers(key);
            }
        });
        return this;
    }

    private Behavior<Command> onForget(Forget message) {
        ownClaims.keySet().removeIf(key -> message.topicIds().contains(key.topicId()));
        leaders.keySet().removeIf(key -> {
            boolean gone = message.topicIds().contains(key.topicId());
            if (gone) {
                tellSubscribers(key);
            }
            return gone;
        });
        return this;
    }

    private Behavior<Command> onListing(Listing message) {
        Set<ActorRef<Command>> others = new HashSet<>(message.directories());
        others.remove(getContext().getSelf());
        List<Claim> claims = List.copyOf(ownClaims.values());
        for (ActorRef<Command> peer : others) {
            if (!peers.contains(peer)) {
                for (int from = 0; from < claims.size(); from += CLAIMS_MAX) {
                    peer.tell(new Claims(claims.subList(from, Math.min(claims.size(), from + CLAIMS_MAX))));
                }
            }
        }
        peers = others;
        return this;
    }

    private Behavior<Command> onSubscribe(Subscribe message) {
        subscribers.add(message.subscriber());
        getContext().watchWith(message.subscriber(), new Unsubscribed(message.subscriber()));
        return this;
    }

    private Behavior<Command> onUnsubscribed(Unsubscribed message) {
        subscribers.remove(message.subscriber());
        return this;
    }

    private void tellPeers(Claim claim) {
        peers.forEach(peer -> peer.tell(new Claims(List.of(claim))));
    }

    private void tellSubscribers(PartitionKey key) {
        subscribers.forEach(subscriber -> subscriber.tell(new LeaderChanged(key)));
    }
}
