package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import akka.actor.typed.DispatcherSelector;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.TimerScheduler;
import akka.persistence.typed.javadsl.Effect;
import akka.persistence.typed.javadsl.EffectFactories;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.raft.Answer;
import io.millrace.partition.raft.Configuration;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Membership;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Output;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.RaftCore;
import io.millrace.partition.raft.Role;
import io.millrace.partition.raft.Snapshot;
import io.millrace.partition.raft.TermHistory;
import io.millrace.partition.replica.ReplicaMessage.PeerMessage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * A member of a Raft group whose log is open: performs what its {@link RaftCore} decides, in the order that {@link Output} demands.
 * Part of {@link RaftActor}.
 */
final class RaftMember {

    private record FromPeer(PeerMessage message) implements RaftCommand.Internal {}

    private record EntriesRead(Output.Replicate asked, List<Entry> entries, @Nullable Throwable failure)
            implements RaftCommand.Internal {}

    private record SnapshotRead(Output.SendSnapshot asked, @Nullable Payload snapshot, @Nullable Throwable failure)
            implements RaftCommand.Internal {}

    /** Its turn has come. */
    private record SendEntries(Output.Replicate asked) implements RaftCommand.Internal {}

    private record SendPiece(Output.SendSnapshot asked) implements RaftCommand.Internal {}

    private record Folded(@Nullable Snapshot snapshot, @Nullable Throwable failure) implements RaftCommand.Internal {}

    private enum Deadline implements RaftCommand.Internal {
        REACHED
    }

    private final ActorContext<RaftCommand> actor;
    private final TimerScheduler<RaftCommand> timers;
    private final EffectFactories<TermAndVote, TermAndVote> effects;
    private final RaftGroup group;
    private final ReplicaContext context;
    private final ActorRef<RaftEvent> owner;
    private final ActorRef<LogWriter.Command> writer;
    private final RaftCore core;
    private final CachedLog log;
    private final Peers peers;
    private final CampaignTurn campaigns;
    private final CatchUpThrottle throttle;
    private final InSyncWatch inSync = new InSyncWatch();

    /** Leadership is being handed over: because somebody asked for it, or by the member's own decision. */
    private boolean transferring;

    private RaftCommand.@Nullable TransferLeadership transfer;

    /** Proposals that came during a transfer. */
    private final ArrayDeque<RaftCommand.Propose> held = new ArrayDeque<>();

    /** From when the snapshot is begun until the log's files are shorter. */
    private boolean trimming;

    /** What the owner knows of it. */
    private Optional<Membership> toldMembership = Optional.empty();

    private boolean setAside;
    private boolean damaged;
    /** As it was told. */
    private boolean asleep;
    /** As it was said. */
    private boolean wasRecovering;

    private long scheduledMillis = Long.MAX_VALUE;
    private Set<NodeId> watched = Set.of();
    private Set<NodeId> awaited = Set.of();

    /** @param state what the journal has */
    RaftMember(
            ActorContext<RaftCommand> actor,
            TimerScheduler<RaftCommand> timers,
            EffectFactories<TermAndVote, TermAndVote> effects,
            RaftGroup group,
            ReplicaContext context,
            ActorRef<RaftEvent> owner,
            ActorRef<LogWriter.Command> writer,
            TermAndVote state,
            LogWriter.Opened found) {
        this.actor = actor;
        this.timers = timers;
        this.effects = effects;
        this.group = group;
        this.context = context;
        this.owner = owner;
        this.writer = writer;
        SegmentedLog opened = found.log();
        this.log = new CachedLog(
                opened,
                group.offsets(),
                context.cacheBytesMax(),
                context.raft().inflightBytesMax(), // the own disk may lag as far as another member's
                actor.getSystem().dispatchers().lookup(DispatcherSelector.fromConfig(ReplicaContext.LOG_DISPATCHER)),
                context.openLogs().readAhead());
        this.wasRecovering = state.recovering();
        this.core = new RaftCore(
                group.self(),
                found.start().map(Snapshot::configuration).orElse(Configuration.founding(group.founding())),
                context.raft(),
                state.toHardState(),
                new TermHistory(
                        opened.start(),
                        opened.termStarts(),
                        opened.lastPosition().index()),
                new Random(),
                context.monotonicMillis().getAsLong());
        ActorRef<RaftCommand> self = actor.getSelf();
        this.peers = new Peers(group.id(), context, actor.messageAdapter(PeerMessage.class, FromPeer::new));
        this.campaigns = new CampaignTurn(
                context.campaigns().newTurn(() -> self.tell(CampaignTurn.Came.INSTANCE)),
                !group.id().isOfMetadata(),
                context.raft().electionTimeoutMillisMax());
        this.throttle = new CatchUpThrottle(context, timers, self, this::catchesUp);
        context.openLogs().opened(group.id(), opened, problem -> self.tell(new RaftCommand.Damaged(problem)));
        owner.tell(new RaftEvent.Started(log, opened.lastPosition().index(), opened.nextOffset(), found.start()));
        schedule(core.deadlineMillis());
    }

    /** Whether its log is set aside: it takes part in nothing any more. */
    boolean isSetAside() {
        return setAside;
    }

    /** A group must not go on sleeping under a leader that is gone while its node is well. */
    void stop() {
        campaigns.end();
        if (core.isAsleep()) {
            Output lastWords = core.step(nowMillis(), new Input.WakeUp());
            lastWords.messages().forEach(peers::send);
        }
        context.watch().watch(actor.getSelf(), Set.of(), Set.of());
        tellWhetherAsleep(false);
    }

    /** @return what is to be persisted, and what is to be done then */
    Effect<TermAndVote, TermAndVote> on(RaftCommand command) {
        if (command instanceof FromPeer fromPeer) {
            return onPeerMessage(fromPeer.message());
        } else if (command instanceof RaftCommand.Deliver deliver) {
            return onPeerMessage(deliver.message());
        } else if (command instanceof RaftActor.FromLog fromLog) {
            return onLogEvent(fromLog.event());
        } else if (command instanceof RaftCommand.Propose propose) {
            return onPropose(propose);
        } else if (command instanceof EntriesRead read) {
            return onEntriesRead(read);
        } else if (command instanceof SnapshotRead read) {
            return onSnapshotRead(read);
        } else if (command instanceof SendEntries due) {
            if (throttle.isDue(due.asked().to(), due)) {
                ArrayDeque<Output> todo = new ArrayDeque<>();
                readAndSend(due.asked(), todo);
                todo.forEach(this::performRest);
            }
            return none();
        } else if (command instanceof SendPiece due) {
            if (throttle.isDue(due.asked().to(), due)) {
                readAndSend(due.asked());
            }
            return none();
        } else if (command instanceof RaftCommand.Trim trim) {
            return step(new Input.Trim(trim.index()));
        } else if (command instanceof Folded folded) {
            return onFolded(folded);
        } else if (command instanceof RaftCommand.Damaged found) {
            damaged = true;
            owner.tell(new RaftEvent.Damaged(found.problem()));
            return step(new Input.Damaged());
        } else if (command instanceof Deadline) {
            scheduledMillis = Long.MAX_VALUE;
            if (core.isCampaignDue(nowMillis())) {
                return stepIf(campaigns.ask(new Input.TimePassed(), nowMillis()));
            }
            lookWhoCanBeReached();
            Effect<TermAndVote, TermAndVote> effect = step(new Input.TimePassed());
            tellWhoIsBehind();
            return effect;
        } else if (command instanceof RaftCommand.SetLearners change) {
            return step(new Input.Learners(change.learners()));
        } else if (command instanceof RaftCommand.SetTarget wish) {
            return step(new Input.Target(wish.voters()));
        } else if (command instanceof RaftCommand.ChangeMembership asked) {
            return ask(new Input.ChangeMembership(asked.change()), asked.replyTo()::tell);
        } else if (command instanceof RaftCommand.TransferLeadership asked) {
            return ask(new Input.TransferLeadership(asked.target()), answer -> {
                if (answer instanceof Answer.TransferRefused refused) {
                    asked.replyTo().tell(new TransferOutcome.Refused(refused.reason()));
                } else {
                    transfer = asked;
                }
            });
        } else if (command instanceof RaftCommand.StepAside) {
            return step(new Input.StepAside());
        } else if (command instanceof RaftCommand.Campaign) {
            return stepIf(campaigns.ask(new Input.Campaign(), nowMillis()));
        } else if (command instanceof CampaignTurn.Came) {
            return stepIf(campaigns.came(nowMillis()));
        } else if (command instanceof RaftCommand.ReadIndex read) {
            return step(new Input.ReadIndex(read.readId()));
        } else if (command instanceof RaftCommand.BrokerUnreachable lost) {
            return hear(new Input.PeerUnreachable(new NodeId(lost.brokerId())));
        } else if (command instanceof RaftCommand.BrokerReachable found) {
            return hear(new Input.PeerReachable(new NodeId(found.brokerId())));
        } else if (command instanceof RaftCommand.GetStatus get) {
            get.replyTo().tell(core.status());
            return none();
        }
        return effects.unhandled();
    }

    /** From the failure detector. */
    private Effect<TermAndVote, TermAndVote> hear(Input reachability) {
        Effect<TermAndVote, TermAndVote> effect = step(reachability);
        tellWhoIsBehind();
        return effect;
    }

    /** So that a leader knows whom its group need not stay awake for. */
    private void lookWhoCanBeReached() {
        if (!core.isLeaderIn(core.term())) {
            return;
        }
        for (NodeId member : core.membership().members().keySet()) {
            boolean canBeReached = member.equals(core.self()) || context.peers().isReachable(member.value());
            if (canBeReached == core.isUnreachable(member)) {
                Input news = canBeReached ? new Input.PeerReachable(member) : new Input.PeerUnreachable(member);
                performRest(core.step(nowMillis(), news)); // changes no term and no vote
            }
        }
    }

    private void tellWhoIsBehind() {
        inSync.look(core, nowMillis()).ifPresent(owner::tell);
    }

    private Effect<TermAndVote, TermAndVote> onPeerMessage(PeerMessage received) {
        Message message = received.message();
        return !peers.heard(received) || isBeyondRoom(message)
                ? none()
                : step(new Input.Received(asMuchAsFits(message)));
    }

    /** Who would refuse records for want of room does not take over leadership: whoever offers it tries another next time. */
    private boolean isBeyondRoom(Message message) {
        return message instanceof Message.TimeoutNow
                && !group.id().isOfMetadata()
                && !context.disk().space().leadersTakeRecords();
    }

    /**
     * Of what a leader sends to a member that has no room for entries, only the news that it leads: the heartbeat that it
     * might have sent with the very first entry. The rest counts as lost on the way. So the leader's window fills and stays
     * full, and the leader neither misses this member nor sends it the same again and again.
     */
    private Message asMuchAsFits(Message message) {
        boolean fits = group.id().isOfMetadata() || context.disk().space().followersTakeRecords();
        return !fits && message instanceof Message.AppendRequest request
                ? new Message.AppendRequest(
                        request.from(), request.to(), request.term(), log.start(), List.of(), request.commitIndex())
                : message;
    }

    private Effect<TermAndVote, TermAndVote> onLogEvent(LogWriter.Event event) {
        if (event instanceof LogWriter.Durable durable) {
            if (durable.epoch() == core.logEpoch()) { // otherwise it may speak of entries that were cut off since
                boolean wasBehind = log.isBehind();
                log.forced(durable.position().index());
                if (wasBehind && !log.isBehind()) {
                    owner.tell(new RaftEvent.CaughtUp());
                }
            }
            return step(new Input.Durable(durable.epoch(), durable.position()));
        } else if (event instanceof LogWriter.Trimmed trimmed) {
            trimming = false;
            return step(new Input.Trimmed(trimmed.start()));
        }
        return effects.unhandled();
    }

    private Effect<TermAndVote, TermAndVote> onPropose(RaftCommand.Propose propose) {
        if (core.isTransferring()) {
            held.add(propose);
        } else {
            propose(propose);
        }
        return none();
    }

    /** Changes no term and no vote. */
    private void propose(RaftCommand.Propose propose) {
        if (!core.mayPropose(propose.term())) {
            owner.tell(new RaftEvent.ProposalRefused(propose.proposalId()));
            return;
        }
        Output out =
                core.step(nowMillis(), new Input.Propose(propose.term(), propose.type(), List.of(propose.payload())));
        owner.tell(new RaftEvent.ProposalAppended(
                propose.proposalId(), out.append().get(out.append().size() - 1).index()));
        performRest(out);
    }

    private Effect<TermAndVote, TermAndVote> onEntriesRead(EntriesRead read) {
        if (read.failure() != null) {
            actor.getLog()
                    .warn(
                            "{} cannot read entries for broker {}",
                            group.id(),
                            read.asked().to(),
                            read.failure());
        }
        LogDamage.in(read.failure()).ifPresent(problem -> actor.getSelf().tell(new RaftCommand.Damaged(problem)));
        Input.Sent sent = send(read.asked(), read.entries());
        return step(sent);
    }

    private Effect<TermAndVote, TermAndVote> onSnapshotRead(SnapshotRead read) {
        Output.SendSnapshot asked = read.asked();
        Payload snapshot = read.snapshot();
        boolean sends = snapshot != null && core.isLeaderIn(asked.term());
        int sizeBytes = 0;
        if (snapshot != null && sends) {
            Message.InstallSnapshot message = core.installSnapshot(asked, snapshot);
            sizeBytes = message.piece().sizeBytes();
            peers.send(message);
        }
        throttle.sent(asked.to(), sizeBytes);
        LogDamage.in(read.failure()).ifPresent(problem -> actor.getSelf().tell(new RaftCommand.Damaged(problem)));
        return step(new Input.SnapshotSent(asked.to(), asked.term(), sends));
    }

    /** What stands for the entries is made beside the writing; only its last step is the writer's. */
    private void trim(long index) {
        if (log.isInGrowingSegment(index)) {
            writer.tell(LogWriter.Roll.INSTANCE); // so that the next trim finds it full, if nothing is added any more
        }
        LogPosition position = log.trimmableTo(index);
        if (trimming || position.index() <= log.start().index()) {
            return;
        }
        trimming = true;
        actor.pipeToSelf(
                log.fold(
                        position,
                        Configuration.founding(group.founding()),
                        group.stateMachines().get()),
                Folded::new);
    }

    private Effect<TermAndVote, TermAndVote> onFolded(Folded folded) {
        Snapshot snapshot = folded.snapshot();
        if (snapshot != null) {
            writer.tell(new LogWriter.Trim(snapshot));
        } else {
            trimming = false;
            actor.getLog().warn("{} cannot trim its log", group.id(), folded.failure());
            LogDamage.in(folded.failure()).ifPresent(problem -> actor.getSelf().tell(new RaftCommand.Damaged(problem)));
        }
        return none();
    }

    // ---------------------------------------------------------------------------------------------------- performing

    private Effect<TermAndVote, TermAndVote> none() {
        return effects.none();
    }

    private Effect<TermAndVote, TermAndVote> stepIf(Optional<Input> input) {
        return input.map(this::step).orElseGet(this::none);
    }

    private Effect<TermAndVote, TermAndVote> step(Input input) {
        return perform(core.step(nowMillis(), input));
    }

    private Effect<TermAndVote, TermAndVote> ask(Input question, Consumer<Answer> asker) {
        Output out = core.step(nowMillis(), question);
        out.answer().ifPresent(asker);
        return perform(out);
    }

    /** What was held is proposed or refused in the order in which it came: between two proposals nothing may be missing. */
    private void endTransfer() {
        RaftCommand.TransferLeadership asked = transfer;
        if (asked != null) {
            transfer = null;
            boolean leads = core.isLeaderIn(core.term());
            asked.replyTo().tell(leads ? new TransferOutcome.TimedOut() : new TransferOutcome.HandedOver());
        }
        proposeHeld();
    }

    private void proposeHeld() {
        while (!held.isEmpty()) {
            propose(held.removeFirst());
        }
    }

    /** The order matters: see {@link Output}. */
    private Effect<TermAndVote, TermAndVote> perform(Output out) {
        if (out.hardState().isPresent()) {
            TermAndVote next = TermAndVote.of(out.hardState().get());
            return effects.persist(next).thenRun(persisted -> {
                sayWhetherItHasItsVote(next.recovering());
                performRest(out);
            });
        }
        performRest(out);
        return none();
    }

    private void sayWhetherItHasItsVote(boolean recovering) {
        if (wasRecovering && !recovering) {
            actor.getLog().info("{} has what the others gave it, and its vote", group.id());
        }
        wasRecovering = recovering;
    }

    private void performRest(Output first) {
        if (!core.isLeaderIn(core.term())) {
            proposeHeld(); // refused, before the owner hears why: surely not done is better than unknown
        }
        ArrayDeque<Output> todo = new ArrayDeque<>();
        todo.add(first);
        while (!todo.isEmpty()) {
            Output out = todo.removeFirst();
            changeLog(out);
            tellOwner(out);
            out.messages().forEach(peers::send);
            for (Output.Replicate asked : out.replicate()) {
                if (!throttle.mustWait(asked.to(), new SendEntries(asked))) {
                    readAndSend(asked, todo);
                }
            }
            for (Output.SendSnapshot asked : out.sendSnapshot()) {
                if (!throttle.mustWait(asked.to(), new SendPiece(asked))) {
                    readAndSend(asked);
                }
            }
            out.trimTo().ifPresent(index -> trim(index));
            schedule(out.deadlineMillis());
        }
        campaigns.endIfOver(core.isElecting(), nowMillis());
        throttle.letGo();
        if (core.mustBeginAnew() && !setAside) {
            setLogAside();
            return;
        }
        tellMembership();
        watch(core.watched(), core.awaited());
        tellWhetherAsleep(core.isAsleep() && !damaged);
        boolean wasTransferring = transferring;
        transferring = core.isTransferring();
        if (transferring && !wasTransferring && transfer == null) {
            actor.getLog().warn("{} hands leadership over: its own disk lags, or is in no state to lead", group.id());
        } else if (!transferring && wasTransferring) {
            endTransfer();
        }
    }

    /** The group has taken this member's vote, and gives it everything again when it is back. */
    private void setLogAside() {
        actor.getLog().warn("{} sets its damaged log aside, and is rebuilt from the other replicas", group.id());
        setAside = true;
        context.openLogs().closed(group.id());
        writer.tell(LogWriter.SetAside.INSTANCE);
    }

    private void tellWhetherAsleep(boolean now) {
        if (asleep != now) {
            asleep = now;
            if (now) {
                log.rest();
            }
            context.metrics().asleep(group.id(), now);
        }
    }

    private void tellMembership() {
        Membership present = core.membership();
        if (core.isMembershipSettled() && !toldMembership.equals(Optional.of(present))) {
            toldMembership = Optional.of(present);
            owner.tell(new RaftEvent.MembershipSettled(present));
        }
    }

    private void watch(Set<NodeId> present, Set<NodeId> absent) {
        if (!present.equals(watched) || !absent.equals(awaited)) {
            watched = present;
            awaited = absent;
            context.watch().watch(actor.getSelf(), brokers(present), brokers(absent));
        }
    }

    private static Set<Integer> brokers(Set<NodeId> nodes) {
        return nodes.stream().map(NodeId::value).collect(Collectors.toUnmodifiableSet());
    }

    private void changeLog(Output out) {
        out.install().ifPresent(snapshot -> {
            actor.getLog()
                    .info(
                            "{} goes on from a snapshot at entry {}",
                            group.id(),
                            snapshot.position().index());
            log.restartedAfter(snapshot);
            writer.tell(new LogWriter.Reset(core.logEpoch(), snapshot));
            owner.tell(new RaftEvent.SnapshotInstalled(snapshot));
        });
        if (out.truncateFrom().isEmpty() && out.append().isEmpty()) {
            return;
        }
        out.truncateFrom().ifPresent(index -> {
            log.truncatedFrom(index);
            owner.tell(new RaftEvent.Truncated(index));
        });
        log.appended(out.append());
        writer.tell(new LogWriter.Write(core.logEpoch(), out.truncateFrom(), out.append()));
        owner.tell(new RaftEvent.Appended(out.append()));
    }

    private void tellOwner(Output out) {
        out.roleChange().ifPresent(change -> {
            OptionalInt leader =
                    change.leader().map(NodeId::value).map(OptionalInt::of).orElse(OptionalInt.empty());
            // Who leads is worth a line; on the way there are several for each partition of a broker that dies.
            actor.getLog()
                    .atLevel(leader.isPresent() ? Level.INFO : Level.DEBUG)
                    .addKeyValue("term", change.term())
                    .log(
                            "{} is {} in term {}, {}",
                            group.id(),
                            change.role(),
                            change.term(),
                            leader.isPresent() ? "led by broker " + leader.getAsInt() : "no leader known");
            if (change.role() == Role.LEADER) {
                context.metrics().elected();
            } else if (change.role() == Role.CANDIDATE) {
                context.metrics().campaigned();
            }
            owner.tell(new RaftEvent.RoleChanged(change.role(), change.term(), leader, change.lastIndex()));
            if (change.role() == Role.LEADER) {
                inSync.restart();
                tellWhoIsBehind();
            }
        });
        out.committed().ifPresent(index -> owner.tell(new RaftEvent.Committed(index)));
        out.reads().forEach(read -> owner.tell(new RaftEvent.ReadIndexAnswered(read.readId(), read.outcome())));
    }

    /** Then it is slowed down: all that catch up from this broker may take so much together. */
    private boolean catchesUp(NodeId member) {
        return !group.id().isOfMetadata() && !core.membership().isVoter(member);
    }

    private void readAndSend(Output.SendSnapshot asked) {
        actor.pipeToSelf(
                log.encodedSnapshot(asked.position()),
                (snapshot, failure) -> new SnapshotRead(asked, snapshot, failure));
    }

    private void readAndSend(Output.Replicate asked, ArrayDeque<Output> todo) {
        CompletableFuture<List<Entry>> entries = log.read(asked.firstIndex(), asked.lastIndex(), asked.maxBytes())
                .toCompletableFuture();
        if (entries.isDone() && !entries.isCompletedExceptionally()) {
            todo.add(core.step(nowMillis(), send(asked, entries.join())));
        } else {
            actor.pipeToSelf(
                    entries, (read, failure) -> new EntriesRead(asked, read == null ? List.of() : read, failure));
        }
    }

    private Input.Sent send(Output.Replicate asked, List<Entry> entries) {
        if (entries.isEmpty() || !core.isLeaderIn(asked.term())) {
            throttle.sent(asked.to(), 0);
            return new Input.Sent(asked.to(), asked.term(), asked.firstIndex(), asked.firstIndex() - 1, 0);
        }
        peers.send(core.appendRequest(asked, entries));
        int sizeBytes = 0;
        for (Entry entry : entries) {
            sizeBytes += entry.payload().sizeBytes();
        }
        context.metrics().replicated(sizeBytes);
        throttle.sent(asked.to(), sizeBytes);
        return new Input.Sent(
                asked.to(),
                asked.term(),
                asked.firstIndex(),
                entries.get(entries.size() - 1).index(),
                sizeBytes);
    }

    /** One timer, moved only when something is due earlier than it: most deadlines move on before they come. */
    private void schedule(long deadlineMillis) {
        if (deadlineMillis < scheduledMillis) {
            scheduledMillis = deadlineMillis;
            long delay = Math.max(0, deadlineMillis - nowMillis());
            timers.startSingleTimer(Deadline.REACHED, Duration.ofMillis(delay));
        }
    }

    private long nowMillis() {
        return context.monotonicMillis().getAsLong();
    }
}
