package io.millrace.controller;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.controller.balance.Situation;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.MetadataResult;
import io.millrace.controller.placement.ReplicaWeights;
import io.millrace.partition.replica.PeerRouter;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's controller: takes requests one by one, lets {@link ControllerDecisions} decide, gets the decision
 * committed, and tells the asker.
 *
 * <pre>
 *            own claim applied               another epoch rules
 *  CLAIMING ──────────────────▶ RULING ───────────────────────────▶ DEPOSED
 *     ▲  │ ▲                                                           │
 *     │  └─┘ no leader, no answer, or somebody else was faster:        │
 *     │      again after a while                                       │
 *     └────────────────────────────────────────────────────────────────┘
 *        a pause, long enough for the other one to prove itself
 * </pre>
 *
 * <p>Requests that come while it is claiming wait; a deposed controller refuses them. A deposed controller does not end, as
 * Cluster Singleton would not start another: if after the pause it still runs, the cluster has no other, and it claims
 * again.
 */
public final class Controller extends AbstractBehavior<ControllerCommand> {

    private enum Phase {
        CLAIMING,
        RULING,
        DEPOSED
    }

    private record Waiting(long id, ControllerCommand.Request request) {}

    private record LeaderTransferEnded(LeaderTransfer.Ended transfer) implements ControllerCommand.Internal {}

    private record OutcomeArrived(ProposalOutcome outcome) implements ControllerCommand.Internal {}

    /** Only says so: what counts is the view's state when it is looked at. */
    private enum MetadataChanged implements ControllerCommand.Internal {
        INSTANCE
    }

    /** The request's time is up. Also the key of its timer. */
    private record Expired(long id) implements ControllerCommand.Internal {}

    private enum Tick implements ControllerCommand.Internal {
        /** Claim, again if need be. */
        CLAIM,
        /** Nobody has answered the claim. */
        CLAIM_TIMED_OUT,
        /** Propose again what could not be proposed. */
        RETRY,
        /** Look what is to be done although nobody has asked for it. */
        CYCLE,
        /** See who is there, and which replicas are to be moved: more often, as a drain goes on as soon as something of it is done. */
        LOOK
    }

    private final TimerScheduler<ControllerCommand> timers;
    private final int brokerId;
    private final Consumer<MetadataReplica.Propose> replica;
    private final MetadataView view;
    private final BrokerLiveness liveness;
    private final BrokerConfiguration configuration;
    /** As they were when it began: for what does not change. */
    private final ControllerSettings settings;

    private final Supplier<String> newClusterId;
    private final Clock clock;

    private final ControllerDecisions decisions;
    private final DecisionLog decisionLog;
    private final Leaders leaders;
    private final ReplicaBalance replicaBalance;
    private final ActorRef<ProposalOutcome> outcomes;
    private final ActorRef<MetadataView.State> changes;

    private Phase phase = Phase.CLAIMING;
    private long epoch;
    private Optional<Instant> since = Optional.empty();

    /** The latest that is known of, its own or not. */
    private long currentEpoch;

    /** What the metadata must have applied here before the next decision: everything decided before. */
    private long decidedIndex;

    private final Deque<Waiting> waiting = new ArrayDeque<>();
    /** Proposed, outcome open; at most one. */
    private @Nullable Waiting proposed;

    private Optional<ControllerReply.Plan> proposedPlan = Optional.empty();

    private final AbsentBrokers absent = new AbsentBrokers();
    /** Something may have to be moved that was not when it was looked at last. */
    private boolean lookDue;
    /** What nobody has asked for: proposed, outcome open; 0 if nothing is. */
    private long unaskedId;

    private long unaskedMillis;
    /** In words. */
    private String unasked = "";

    private boolean retryScheduled;

    /** Names requests and claims alike. */
    private long lastId;

    private long claimId;
    private Duration retryDelay;

    /**
     * A controller, to be run as a cluster singleton: see {@link ControllerSingleton}.
     *
     * @param brokerId the broker it runs on
     * @param replica the way to that broker's {@link MetadataReplica}; may lose a proposal
     * @param replicas the way to the replicas of partitions, on all brokers
     * @param view what that replica publishes
     * @param newClusterId makes up the id of a cluster that has none yet
     */
    public static Behavior<ControllerCommand> create(
            int brokerId,
            Consumer<MetadataReplica.Propose> replica,
            PeerRouter replicas,
            MetadataView view,
            BrokerLiveness liveness,
            BrokerConfiguration configuration,
            Supplier<String> newClusterId,
            Clock clock) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> new Controller(
                context, timers, brokerId, replica, replicas, view, liveness, configuration, newClusterId, clock)));
    }

    private Controller(
            ActorContext<ControllerCommand> context,
            TimerScheduler<ControllerCommand> timers,
            int brokerId,
            Consumer<MetadataReplica.Propose> replica,
            PeerRouter replicas,
            MetadataView view,
            BrokerLiveness liveness,
            BrokerConfiguration configuration,
            Supplier<String> newClusterId,
            Clock clock) {
        super(context);
        this.timers = timers;
        this.brokerId = brokerId;
        this.replica = replica;
        this.view = view;
        this.liveness = liveness;
        this.configuration = configuration;
        this.settings = configuration.controller();
        this.newClusterId = newClusterId;
        this.clock = clock;
        this.decisions = new ControllerDecisions(
                settings.partitionsPerTopicMax(), settings.moves().metadataVoters(), configuration);
        this.decisionLog = new DecisionLog(settings.decisionsKept());
        this.leaders = new Leaders(
                context,
                replicas,
                () -> configuration.controller().leaderBalance(),
                clock,
                this::decided,
                context.messageAdapter(LeaderTransfer.Ended.class, LeaderTransferEnded::new));
        this.replicaBalance =
                new ReplicaBalance(() -> configuration.controller().moves());
        this.outcomes = context.messageAdapter(ProposalOutcome.class, OutcomeArrived::new);
        this.changes = context.messageAdapter(MetadataView.State.class, state -> MetadataChanged.INSTANCE);
        this.retryDelay = settings.retryDelayMin();
        view.subscribe(changes);
        timers.startTimerWithFixedDelay(Tick.LOOK, settings.moves().lookEvery());
        claim();
    }

    @Override
    public Receive<ControllerCommand> createReceive() {
        return newReceiveBuilder()
                .onMessage(
                        ControllerCommand.RebalanceReplicas.class,
                        request -> request.mode() == ControllerCommand.RebalanceReplicas.Mode.DRY_RUN,
                        this::onRebalanceReplicasTried)
                .onMessage(ControllerCommand.Request.class, this::onRequest)
                .onMessage(ControllerCommand.ReportLoad.class, this::onLoadReported)
                .onMessage(ControllerCommand.TransferLeader.class, this::onTransferLeader)
                .onMessage(ControllerCommand.RebalanceLeaders.class, this::onRebalanceLeaders)
                .onMessage(LeaderTransferEnded.class, this::onLeaderTransferEnded)
                .onMessage(ControllerCommand.DescribeController.class, this::onDescribe)
                .onMessage(ControllerCommand.Stop.class, stop -> Behaviors.stopped())
                .onMessage(OutcomeArrived.class, arrived -> onOutcome(arrived.outcome))
                .onMessage(MetadataChanged.class, changed -> onMetadataChanged())
                .onMessage(Expired.class, this::onExpired)
                .onMessage(Tick.class, this::onTick)
                .onSignal(PreRestart.class, restarting -> onEnd())
                .onSignal(PostStop.class, stopped -> onEnd())
                .build();
    }

    // Claiming, ruling, being deposed.

    /** Every claim names the epoch that it succeeds, so one that is overtaken on its way does nothing. */
    private void claim() {
        currentEpoch = Math.max(currentEpoch, view.current().controllerEpoch());
        timers.startSingleTimer(Tick.CLAIM_TIMED_OUT, Tick.CLAIM_TIMED_OUT, settings.claimTimeout());
        claimId = nextId();
        propose(claimId, new MetadataCommand.ClaimController(currentEpoch, brokerId, newClusterId.get()));
    }

    private void claimLater() {
        timers.cancel(Tick.CLAIM_TIMED_OUT);
        timers.startSingleTimer(Tick.CLAIM, Tick.CLAIM, nextRetryDelay());
    }

    private void onClaimOutcome(ProposalOutcome outcome) {
        if (!(outcome instanceof ProposalOutcome.Applied applied)) {
            getContext().getLog().info("Cannot control the cluster yet: {}", ReplyWords.of(outcome));
            claimLater();
        } else if (applied.result() instanceof MetadataResult.Claimed claimed) {
            rule(claimed, applied.index());
        } else if (applied.result() instanceof MetadataResult.StaleController stale) {
            // What is known here is old, or an earlier claim of ours was applied after all, or somebody else was
            // faster.
            getContext().getLog().info("Epoch {} of the cluster's controller is taken", stale.currentEpoch());
            currentEpoch = stale.currentEpoch();
            claimLater();
        } else {
            ControllerReply refusal = ControllerDecisions.replyFor(applied.result(), applied.index());
            getContext().getLog().error("Cannot control the cluster: {}", ReplyWords.of(refusal));
            claimLater();
        }
    }

    private void rule(MetadataResult.Claimed claimed, long index) {
        timers.cancel(Tick.CLAIM_TIMED_OUT);
        phase = Phase.RULING;
        epoch = claimed.epoch();
        since = Optional.of(clock.instant());
        decidedIndex = index;
        retryDelay = settings.retryDelayMin();
        absent.forget();
        lookDue = true;
        getContext().getLog().info("Broker {} controls cluster {} in epoch {}", brokerId, claimed.clusterId(), epoch);
        timers.startSingleTimer(
                Tick.CYCLE, Tick.CYCLE, configuration.controller().cycle());
        decideNext();
    }

    private void depose(long ruling) {
        getContext()
                .getLog()
                .error(
                        "The controller of epoch {} on broker {} was superseded by epoch {}: it stops ruling",
                        epoch,
                        brokerId,
                        ruling);
        phase = Phase.DEPOSED;
        since = Optional.empty();
        abandonAll("this controller was superseded by another one");
        timers.cancel(Tick.CYCLE);
        leaders.stop();
        replicaBalance.forget();
        timers.startSingleTimer(Tick.CLAIM, Tick.CLAIM, settings.deposedPause());
    }

    private Behavior<ControllerCommand> onTick(Tick tick) {
        switch (tick) {
            case CLAIM -> {
                phase = Phase.CLAIMING;
                claim();
            }
            case CLAIM_TIMED_OUT -> {
                claimId = 0;
                claimLater();
            }
            case RETRY -> {
                retryScheduled = false;
                decideNext();
            }
            case CYCLE -> {
                cycle();
                timers.startSingleTimer(
                        Tick.CYCLE, Tick.CYCLE, configuration.controller().cycle());
            }
            case LOOK -> onLook();
        }
        return this;
    }

    /** What nobody has to ask for. Each part is to see to it that what it began in an earlier cycle comes to its end first. */
    private void cycle() {
        ClusterMetadata metadata = view.current();
        if (metadata.controllerEpoch() == epoch) {
            LiveBrokers live = liveness.current();
            leaders.balance(metadata, live);
            replicaBalance.cycle(metadata, live, weights(metadata, live));
        }
    }

    // Leaders.

    private Behavior<ControllerCommand> onLoadReported(ControllerCommand.ReportLoad report) {
        leaders.reported(report.load());
        return this;
    }

    private Behavior<ControllerCommand> onTransferLeader(ControllerCommand.TransferLeader request) {
        if (phase == Phase.RULING) {
            leaders.transfer(request, view.current());
        } else {
            request.replyTo().tell(new ControllerReply.Unavailable("the controller is just taking over"));
        }
        return this;
    }

    private Behavior<ControllerCommand> onRebalanceLeaders(ControllerCommand.RebalanceLeaders request) {
        if (phase == Phase.RULING) {
            leaders.rebalance(request, view.current(), liveness.current());
        } else {
            request.replyTo().tell(new ControllerReply.Unavailable("the controller is just taking over"));
        }
        return this;
    }

    private Behavior<ControllerCommand> onLeaderTransferEnded(LeaderTransferEnded ended) {
        leaders.onEnded(ended.transfer);
        return this;
    }

    // Replicas.

    private void onLook() {
        if (phase == Phase.RULING) {
            absent.look(view.current().brokers().keySet(), liveness.current().ids(), clock.millis());
            if (unaskedId != 0
                    && clock.millis() - unaskedMillis >= settings.claimTimeout().toMillis()) {
                unaskedId = 0; // nobody will tell; the metadata does
            }
            lookDue = true;
            decideNext();
        }
    }

    /** At once, whatever else there is to do, since people look at it again and again. */
    private Behavior<ControllerCommand> onRebalanceReplicasTried(ControllerCommand.RebalanceReplicas request) {
        ClusterMetadata metadata = view.current();
        LiveBrokers live = liveness.current();
        request.replyTo()
                .tell(
                        phase == Phase.RULING
                                ? replicaBalance.planned(metadata, live, weights(metadata, live))
                                : new ControllerReply.Unavailable("the controller is just taking over"));
        return this;
    }

    private ReplicaWeights weights(ClusterMetadata metadata, LiveBrokers live) {
        return ReplicaWeights.of(leaders.situation(metadata, live));
    }

    private void moveReplicas(ClusterMetadata metadata) {
        ControllerSettings.Moves limits = configuration.controller().moves();
        NavigableSet<Integer> lost = absent.awayFor(limits.replacementDelay().toMillis());
        UnaskedMoves.next(metadata, liveness.current(), lost, limits, replicaBalance)
                .ifPresent(step -> proposeUnasked(step.what(), step.command()));
    }

    private void proposeUnasked(String what, MetadataCommand command) {
        unasked = what;
        unaskedId = nextId();
        unaskedMillis = clock.millis();
        propose(unaskedId, command);
    }

    private void onUnaskedOutcome(ProposalOutcome outcome) {
        unaskedId = 0;
        if (outcome instanceof ProposalOutcome.Applied applied) {
            decidedIndex = Math.max(decidedIndex, applied.index());
            decisionLog.add(new ControllerReply.Decision(
                    clock.instant(),
                    epoch,
                    unasked,
                    ReplyWords.of(ControllerDecisions.replyFor(applied.result(), applied.index()))));
            getContext().getLog().info("{}", unasked);
            if (applied.result() instanceof MetadataResult.StaleController stale) {
                depose(stale.currentEpoch());
            }
        }
        // Else the next look finds what is still to be done.
    }

    // Requests.

    private Behavior<ControllerCommand> onRequest(ControllerCommand.Request request) {
        if (phase == Phase.DEPOSED) {
            answer(request, new ControllerReply.Unavailable("this controller was superseded by another one"));
        } else if (waiting.size() >= settings.requestsWaitingMax()) {
            answer(
                    request,
                    new ControllerReply.Unavailable(waiting.size() + " requests wait for the controller already"));
        } else {
            Waiting entry = new Waiting(nextId(), request);
            waiting.add(entry);
            long timeoutMillis = Math.max(
                    1,
                    Math.min(
                            request.timeoutMillis(),
                            settings.requestTimeoutMax().toMillis()));
            Expired expired = new Expired(entry.id);
            timers.startSingleTimer(expired, expired, Duration.ofMillis(timeoutMillis));
            decideNext();
        }
        return this;
    }

    private void decideNext() {
        while (phase == Phase.RULING && proposed == null && unaskedId == 0 && !retryScheduled) {
            // One look: another thread may replace it at any time, and the command gets the epoch of what was looked
            // at.
            ClusterMetadata metadata = view.current();
            if (metadata.appliedIndex() < decidedIndex) {
                return;
            }
            if (metadata.controllerEpoch() != epoch) {
                depose(metadata.controllerEpoch());
                return;
            }
            Waiting next = waiting.poll();
            if (next == null && lookDue) {
                lookDue = false;
                moveReplicas(metadata);
            }
            if (next == null) {
                return;
            }
            LiveBrokers live = liveness.current();
            ControllerDecisions.Decision decision = next.request instanceof ControllerCommand.RebalanceReplicas request
                    ? replicaBalance.decide(request.mode(), metadata, live, weights(metadata, live))
                    : decisions.decide(next.request, metadata, live, () -> weights(metadata, live));
            if (decision instanceof ControllerDecisions.Submit submit) {
                proposed = next;
                proposedPlan = submit.plan();
                propose(next.id, submit.command());
            } else if (decision instanceof ControllerDecisions.Answer refusal) {
                finish(next, refusal.reply());
            }
        }
    }

    private Behavior<ControllerCommand> onOutcome(ProposalOutcome outcome) {
        if (outcome.requestId() == claimId) {
            claimId = 0;
            onClaimOutcome(outcome);
        } else if (unaskedId != 0 && outcome.requestId() == unaskedId) {
            onUnaskedOutcome(outcome);
            decideNext();
        } else if (proposed != null && outcome.requestId() == proposed.id) {
            Waiting done = proposed;
            proposed = null;
            onRequestOutcome(done, outcome);
            decideNext();
        }
        // Else it comes too late: its request has been answered, its claim repeated.
        return this;
    }

    private void onRequestOutcome(Waiting done, ProposalOutcome outcome) {
        if (outcome instanceof ProposalOutcome.Applied applied) {
            decidedIndex = Math.max(decidedIndex, applied.index());
            retryDelay = settings.retryDelayMin();
            lookDue = true;
            finish(done, replyFor(applied));
            if (applied.result() instanceof MetadataResult.StaleController stale) {
                // Now, and not when the metadata here tells it: that may take as long as this broker is cut off.
                depose(stale.currentEpoch());
            }
        } else if (outcome instanceof ProposalOutcome.OutcomeUnknown) {
            finish(done, new ControllerReply.OutcomeUnknown());
        } else if (outcome instanceof ProposalOutcome.ReplicaFailed failed) {
            finish(done, new ControllerReply.Unavailable("the controller's metadata: " + failed.problem()));
        } else {
            // No leader, or a full queue: surely not done, so it is decided again, while its asker has time.
            waiting.addFirst(done);
            retryScheduled = true;
            timers.startSingleTimer(Tick.RETRY, Tick.RETRY, nextRetryDelay());
        }
    }

    private ControllerReply replyFor(ProposalOutcome.Applied applied) {
        ControllerReply reply = ControllerDecisions.replyFor(applied.result(), applied.index());
        return reply instanceof ControllerReply.Changed && proposedPlan.isPresent()
                ? proposedPlan.get().at(applied.index())
                : reply;
    }

    private Behavior<ControllerCommand> onMetadataChanged() {
        long known = view.current().controllerEpoch();
        if (phase == Phase.RULING && known > epoch) {
            depose(known);
        } else {
            decideNext();
        }
        return this;
    }

    private Behavior<ControllerCommand> onExpired(Expired expired) {
        if (proposed != null && proposed.id == expired.id) {
            Waiting late = proposed;
            proposed = null;
            finish(late, new ControllerReply.OutcomeUnknown());
            decideNext();
        } else {
            waiting.stream().filter(entry -> entry.id == expired.id).findFirst().ifPresent(entry -> {
                waiting.remove(entry);
                finish(entry, new ControllerReply.Unavailable(whyNotYet()));
            });
        }
        return this;
    }

    private String whyNotYet() {
        return phase == Phase.CLAIMING || retryScheduled
                ? "no majority of the metadata group could be reached in time"
                : "the controller had too much to do";
    }

    private Behavior<ControllerCommand> onDescribe(ControllerCommand.DescribeController request) {
        Situation situation = leaders.situation(view.current(), liveness.current());
        request.replyTo()
                .tell(new ControllerReply.Description(
                        brokerId,
                        phase.name(),
                        epoch,
                        since,
                        waiting.size(),
                        situation.withoutLeader(),
                        situation.underReplicated(),
                        leaders.state(),
                        replicaBalance.state(view.current()),
                        decisionLog.latestFirst()));
        return this;
    }

    private Behavior<ControllerCommand> onEnd() {
        view.unsubscribe(changes);
        abandonAll("the controller moves or starts anew");
        return this;
    }

    private void abandonAll(String reason) {
        if (proposed != null) {
            finish(proposed, new ControllerReply.OutcomeUnknown());
            proposed = null;
        }
        for (Waiting entry = waiting.poll(); entry != null; entry = waiting.poll()) {
            finish(entry, new ControllerReply.Unavailable(reason));
        }
        timers.cancel(Tick.RETRY);
        retryScheduled = false;
        unaskedId = 0;
    }

    private void propose(long id, MetadataCommand command) {
        replica.accept(new MetadataReplica.Propose(id, command, outcomes));
    }

    private void finish(Waiting entry, ControllerReply reply) {
        timers.cancel(new Expired(entry.id));
        answer(entry.request, reply);
    }

    private void answer(ControllerCommand.Request request, ControllerReply reply) {
        decided(DecisionLog.describe(request), ReplyWords.of(reply));
        request.replyTo().tell(reply);
    }

    private void decided(String what, String outcome) {
        decisionLog.add(new ControllerReply.Decision(clock.instant(), epoch, what, outcome));
        getContext().getLog().info("{}: {}", what, outcome);
    }

    private Duration nextRetryDelay() {
        Duration delay = retryDelay;
        Duration doubled = delay.multipliedBy(2);
        retryDelay = doubled.compareTo(settings.retryDelayMax()) < 0 ? doubled : settings.retryDelayMax();
        return delay;
    }

    private long nextId() {
        lastId++;
        return lastId;
    }
}
