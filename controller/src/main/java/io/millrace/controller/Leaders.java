package io.millrace.controller;

import akka.actor.typed.ActorRef;
import akka.actor.typed.javadsl.ActorContext;
import io.millrace.controller.balance.BalanceHistory;
import io.millrace.controller.balance.BalancerSettings;
import io.millrace.controller.balance.BrokerLoad;
import io.millrace.controller.balance.LeaderBalancer;
import io.millrace.controller.balance.LeaderMove;
import io.millrace.controller.balance.LoadReport;
import io.millrace.controller.balance.PartitionId;
import io.millrace.controller.balance.Situation;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.replica.PeerRouter;
import io.millrace.partition.replica.TransferFailure;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * The controller's care for who leads what: keeps what brokers report, has the {@link LeaderBalancer} decide, and gets leadership
 * moved, a few partitions at a time. Part of the {@link Controller}'s actor.
 */
final class Leaders {
    private static final int PARALLELISM = 8;
    private static final int ASKED_MAX = 100;
    private static final Duration MOVED_WITHIN = Duration.ofSeconds(10);

    /** To be done, or under way. */
    private record Move(TopicMetadata topic, LeaderMove move, ActorRef<ControllerReply> askedBy) {}

    /** Hears of each move that has ended, whoever wanted it. */
    @FunctionalInterface
    interface Journal {
        void add(String request, String outcome);
    }

    private final ActorContext<ControllerCommand> actor;
    private final PeerRouter replicas;
    private final Supplier<Optional<BalancerSettings>> automatic;
    private final Clock clock;
    private final Journal journal;
    private final ActorRef<LeaderTransfer.Ended> ended;

    private final NavigableMap<Integer, LoadReport> reports = new TreeMap<>();
    private LiveBrokers lastSeen = LiveBrokers.NONE;
    private BalanceHistory history;
    private String state = "";

    private final Deque<Move> waiting = new ArrayDeque<>();
    private final Map<Long, Move> moving = new HashMap<>();
    private long lastId;

    /**
     * @param automatic asked each time; empty: leaders are moved only for who asks
     * @param ended to be given to {@link #onEnded}
     */
    Leaders(
            ActorContext<ControllerCommand> actor,
            PeerRouter replicas,
            Supplier<Optional<BalancerSettings>> automatic,
            Clock clock,
            Journal journal,
            ActorRef<LeaderTransfer.Ended> ended) {
        this.actor = actor;
        this.replicas = replicas;
        this.automatic = automatic;
        this.clock = clock;
        this.journal = journal;
        this.ended = ended;
        this.history = BalanceHistory.begunAt(clock.millis());
    }

    /** Of what is done, nothing more is known than that; of what is not, nothing will be. */
    void stop() {
        waiting.clear();
        moving.clear();
        history = BalanceHistory.begunAt(clock.millis());
    }

    void reported(BrokerLoad load) {
        reports.put(load.brokerId(), new LoadReport(load, clock.millis()));
    }

    /** What is to be said of it to people. */
    String state() {
        return automatic.get().isEmpty() ? "off" : state;
    }

    /** One cycle, unless the moves of the one before are still under way. */
    void balance(ClusterMetadata metadata, LiveBrokers live) {
        notice(metadata, live);
        Optional<BalancerSettings> settings = automatic.get();
        if (settings.isEmpty() || isMoving()) {
            return;
        }
        LeaderBalancer.Plan plan = plan(metadata, live, settings.get());
        history = plan.history();
        state = plan.obstacle().isPresent()
                ? "waits: " + plan.obstacle().get()
                : plan.moves().isEmpty()
                        ? "even enough"
                        : "moves " + plan.moves().size() + " leaders";
        begin(metadata, plan.moves());
    }

    private void notice(ClusterMetadata metadata, LiveBrokers live) {
        if (!live.equals(lastSeen)) {
            lastSeen = live;
            history = history.withBrokersChanged(clock.millis());
        }
        reports.keySet().retainAll(metadata.brokers().keySet());
    }

    private boolean isMoving() {
        return !waiting.isEmpty() || !moving.isEmpty();
    }

    private LeaderBalancer.Plan plan(ClusterMetadata metadata, LiveBrokers live, BalancerSettings settings) {
        return LeaderBalancer.plan(situation(metadata, live), history, settings);
    }

    /** As the brokers have reported it last. */
    Situation situation(ClusterMetadata metadata, LiveBrokers live) {
        return new Situation(metadata, live.ids(), metadata.draining(), reports, clock.millis());
    }

    private void begin(ClusterMetadata metadata, List<LeaderMove> moves) {
        for (LeaderMove move : moves) {
            metadata.topic(move.topic())
                    .ifPresent(topic ->
                            waiting.add(new Move(topic, move, actor.getSystem().ignoreRef())));
        }
        next();
    }

    // ------------------------------------------------------------------------------------------- for who asks for it

    /** Answers when it is done, or not. */
    void transfer(ControllerCommand.TransferLeader request, ClusterMetadata metadata) {
        Optional<TopicMetadata> topic = metadata.topic(request.topic());
        if (topic.isEmpty()) {
            request.replyTo().tell(new ControllerReply.UnknownTopic(request.topic()));
        } else if (!topic.get().hasPartition(request.partition())) {
            request.replyTo()
                    .tell(new ControllerReply.UnknownPartition(
                            request.topic(), request.partition(), topic.get().partitionCount()));
        } else if (metadata.broker(request.brokerId()).isEmpty()) {
            request.replyTo().tell(new ControllerReply.UnknownBroker(request.brokerId()));
        } else if (waiting.size() >= ASKED_MAX) {
            request.replyTo()
                    .tell(new ControllerReply.Unavailable(waiting.size() + " leaders are to be moved already"));
        } else {
            LeaderMove move = new LeaderMove(
                    request.topic(),
                    topic.get().id(),
                    request.partition(),
                    leaderOf(topic.get(), request.partition()),
                    request.brokerId(),
                    "an administrator asked for it");
            waiting.addFirst(new Move(topic.get(), move, request.replyTo()));
            next();
        }
    }

    /** Who leads by the latest reports; if none says so, who should. */
    private int leaderOf(TopicMetadata topic, int partition) {
        int found = topic.preferredLeader(partition);
        for (LoadReport report : reports.values()) {
            boolean leads = report.load().topics().stream()
                    .filter(load -> load.topicId() == topic.id())
                    .flatMap(load -> load.led().stream())
                    .anyMatch(load -> load.partition() == partition);
            if (leads && topic.replicas(partition).contains(report.load().brokerId())) {
                found = report.load().brokerId();
            }
        }
        return found;
    }

    /** Answers with the plan; what comes of each move is told as all decisions are. */
    void rebalance(ControllerCommand.RebalanceLeaders request, ClusterMetadata metadata, LiveBrokers live) {
        notice(metadata, live);
        BalancerSettings settings =
                automatic.get().orElse(BalancerSettings.DEFAULT).byHand();
        if (isMoving()) {
            request.replyTo().tell(new ControllerReply.Unavailable("leaders are being moved already"));
            return;
        }
        LeaderBalancer.Plan plan = plan(metadata, live, settings);
        if (plan.obstacle().isPresent()) {
            request.replyTo()
                    .tell(new ControllerReply.Unavailable(plan.obstacle().get()));
            return;
        }
        request.replyTo().tell(new ControllerReply.LeadersPlanned(plan.moves(), plan.carried(), plan.carriedAfter()));
        if (!request.dryRun()) {
            begin(metadata, plan.moves());
        }
    }

    // --------------------------------------------------------------------------------------------------- performing

    private void next() {
        while (moving.size() < PARALLELISM && !waiting.isEmpty()) {
            Move next = waiting.removeFirst();
            long id = ++lastId;
            moving.put(id, next);
            actor.spawnAnonymous(LeaderTransfer.create(
                    id,
                    replicas,
                    next.topic,
                    next.move.partition(),
                    next.move.from(),
                    next.move.to(),
                    MOVED_WITHIN,
                    ended));
        }
    }

    void onEnded(LeaderTransfer.Ended transfer) {
        Move done = moving.remove(transfer.id());
        if (done == null) {
            return;
        }
        LeaderMove move = done.move;
        Optional<TransferFailure> failure = transfer.failure();
        // One that did not work out is left alone for a while as well.
        history = history.withMoved(new PartitionId(move.topicId(), move.partition()), clock.millis());
        journal.add(
                move + ": " + move.reason(),
                failure.map(why -> "broker " + move.to() + ": " + why.text()).orElse("done"));
        done.askedBy.tell(
                failure.isPresent()
                        ? new ControllerReply.LeaderNotTransferred(
                                move.topic(), move.partition(), move.to(), failure.get())
                        : new ControllerReply.LeaderTransferred(move.topic(), move.partition(), move.to()));
        next();
    }
}
