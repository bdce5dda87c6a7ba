package io.millrace.broker.group;

import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.PostStop;
import akka.actor.typed.PreRestart;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.broker.Failure;
import io.millrace.broker.group.state.Fact;
import io.millrace.broker.group.state.GroupCommand;
import io.millrace.broker.group.state.GroupMachine;
import io.millrace.broker.group.state.GroupReply;
import io.millrace.broker.group.state.GroupTable;
import io.millrace.broker.group.state.Topics;
import io.millrace.controller.MetadataView;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.ReplicaMessage;
import io.millrace.protocol.Bytes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The coordinator of the groups of one partition of {@code __groups}, on the broker that leads it, for one term of Raft.
 *
 * <pre>
 *  loading ── reads the partition up to its end ──▶ serving ── a write that fails: throws its state away ──▶ loading
 *
 *   command ─▶ GroupMachine ─▶ facts ─▶ waiting ─▶ one write at a time, of all that wait ─▶ committed ─▶ replies
 * </pre>
 *
 * <p>It takes the place of its partition in the directory of leaders: requests for the group reach it on the way of all requests, and whatever is
 * not for it goes on to the partition. It writes for its term only: what is decided by a coordinator that is deposed is
 * never committed after its successor has read the log.
 */
final class GroupCoordinator extends AbstractBehavior<ReplicaMessage> {
    private static final int READ_BYTES = 1 << 20;
    private static final int WRITE_BYTES_MAX = 512 << 10;
    private static final int CHECKPOINT_PIECE_FACTS = 1_000;
    private static final Duration RETRY_AFTER = Duration.ofMillis(100);
    private static final long NOWHERE = -1;
    /** Perhaps it is yet to be. The router knows what may be asked once more. */
    private static final LongFunction<PartitionReply> NOT_COMMITTED = PartitionReply.OutcomeUnknown::new;

    private record Partition(PartitionReply reply) implements ReplicaMessage {}

    private record MetadataChanged(MetadataView.State state) implements ReplicaMessage {}

    private enum Load implements ReplicaMessage {
        INSTANCE
    }

    private enum Expire implements ReplicaMessage {
        INSTANCE
    }

    private record WaitedEnough(Waiter member) implements ReplicaMessage {}

    private record Waiter(String group, String memberId) {}

    private record Waiting(PartitionCommand.Coordinate request, long epoch) {}

    /**
     * What waits for its commit.
     *
     * @param whenCommitted hears the offset where that was written; it means something if there are facts only
     * @param whenNot hears how to tell
     */
    private record Decided(
            List<Bytes> facts, LongConsumer whenCommitted, Consumer<LongFunction<PartitionReply>> whenNot) {}

    private final TimerScheduler<ReplicaMessage> timers;
    private final String name;
    private final long term;
    private final ActorRef<PartitionCommand> partition;
    private final GroupCoordinatorSettings settings;
    private final Runnable whenReady;
    private final ActorRef<PartitionReply> replies;
    private final ActorRef<MetadataView.State> metadata;

    private MetadataView.State known;
    private GroupTable table = new GroupTable();
    /** Null while loading. */
    private @Nullable GroupMachine machine;

    private long loadedTo;
    private long loadUntil = NOWHERE;
    private long lastRequest;

    private final ArrayDeque<Decided> waitingToBeWritten = new ArrayDeque<>();
    private List<Decided> beingWritten = List.of();
    private long writtenBytes;
    private long writtenTo;
    private long sinceCheckpointBytes;
    private long checkpointBytes;
    private boolean checkpointing;
    private final Map<Waiter, Waiting> waiting = new HashMap<>();
    private long timerAtMillis = Long.MAX_VALUE;

    /**
     * Stops when its partition leads no longer.
     *
     * @param name of the partition, for people
     * @param partition the replica that leads in this term
     * @param whenReady to be run when requests may come
     */
    static Behavior<ReplicaMessage> create(
            String name,
            long term,
            ActorRef<PartitionCommand> partition,
            GroupCoordinatorSettings settings,
            Runnable whenReady) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new GroupCoordinator(context, timers, name, term, partition, settings, whenReady)));
    }

    private GroupCoordinator(
            ActorContext<ReplicaMessage> context,
            TimerScheduler<ReplicaMessage> timers,
            String name,
            long term,
            ActorRef<PartitionCommand> partition,
            GroupCoordinatorSettings settings,
            Runnable whenReady) {
        super(context);
        this.timers = timers;
        this.name = name;
        this.term = term;
        this.partition = partition;
        this.settings = settings;
        this.whenReady = whenReady;
        this.replies = context.messageAdapter(PartitionReply.class, Partition::new);
        this.metadata = context.messageAdapter(MetadataView.State.class, MetadataChanged::new);
        this.known = settings.view().state();
        settings.view().subscribe(metadata);
        load();
    }

    @Override
    public Receive<ReplicaMessage> createReceive() {
        return newReceiveBuilder()
                .onMessage(PartitionCommand.Coordinate.class, this::onCoordinate)
                .onMessage(PartitionCommand.class, this::onOther)
                .onMessage(Partition.class, this::onPartition)
                .onMessage(MetadataChanged.class, this::onMetadataChanged)
                .onMessage(WaitedEnough.class, this::onWaitedEnough)
                .onMessageEquals(Expire.INSTANCE, this::onExpire)
                .onMessageEquals(Load.INSTANCE, this::onLoad)
                .onSignal(PostStop.class, stopped -> onEnd())
                .onSignal(PreRestart.class, restarts -> onEnd())
                .build();
    }

    /** Reads of the internal topic, and questions about its partition. */
    private Behavior<ReplicaMessage> onOther(PartitionCommand command) {
        partition.tell(command);
        return this;
    }

    private Behavior<ReplicaMessage> onPartition(Partition message) {
        PartitionReply reply = message.reply();
        if (reply.requestId() != lastRequest) {
            return this; // of what was begun before it began anew
        }
        return machine == null ? onLoaded(reply) : onWritten(reply);
    }

    // -------------------------------------------------------------------------------------------------------- loading

    private void load() {
        forget();
        partition.tell(new PartitionCommand.GetOffsets(++lastRequest, replies));
    }

    /** All that it knows: it is to be read again. */
    private void forget() {
        machine = null;
        table = new GroupTable();
        loadUntil = NOWHERE;
        sinceCheckpointBytes = 0;
        checkpointing = false;
    }

    private Behavior<ReplicaMessage> onLoad() {
        if (machine == null) {
            load();
        }
        return this;
    }

    private Behavior<ReplicaMessage> onLoaded(PartitionReply reply) {
        if (reply instanceof PartitionReply.Offsets offsets) {
            loadedTo = offsets.logStartOffset();
            loadUntil = offsets.highWatermark();
        } else if (reply instanceof PartitionReply.Fetched fetched) {
            try {
                loadedTo = GroupLog.decode(fetched.batches(), loadedTo, table::apply);
            } catch (RuntimeException e) {
                getContext().getLog().error("The log of {} cannot be read: its groups cannot be served", name, e);
                return this;
            }
            sinceCheckpointBytes += fetched.batches().sizeBytes();
        } else if (reply instanceof PartitionReply.NotLeader || reply instanceof PartitionReply.ReplicaFailed) {
            return Behaviors.stopped();
        } else {
            forget(); // it is busy, or the log was trimmed meanwhile
            timers.startSingleTimer(Load.INSTANCE, RETRY_AFTER);
            return this;
        }
        readOn();
        return this;
    }

    private void readOn() {
        if (loadedTo < loadUntil) {
            partition.tell(new PartitionCommand.Fetch(++lastRequest, loadedTo, READ_BYTES, 1, 0, replies));
        } else if (known.caughtUp()) {
            serve();
        }
    }

    private void serve() {
        long now = settings.monotonicMillis().getAsLong();
        GroupMachine loaded = new GroupMachine(table, settings.assignors(), settings.limits(), now);
        machine = loaded;
        getContext()
                .getLog()
                .info("Coordinates {} groups of {} in term {}", table.groups().size(), name, term);
        write(loaded.topicsChanged(Topics.of(known.metadata()), now).facts());
        whenReady.run();
    }

    private Behavior<ReplicaMessage> onMetadataChanged(MetadataChanged message) {
        Topics before = Topics.of(known.metadata());
        known = message.state();
        Topics now = Topics.of(known.metadata());
        if (machine != null && !now.hasSameAs(before)) {
            write(machine.topicsChanged(now, settings.monotonicMillis().getAsLong())
                    .facts());
        } else if (machine == null && loadUntil != NOWHERE && loadedTo >= loadUntil && known.caughtUp()) {
            serve();
        }
        return this;
    }

    // ------------------------------------------------------------------------------------------------------- requests

    private Behavior<ReplicaMessage> onCoordinate(PartitionCommand.Coordinate request) {
        if (machine == null) {
            refuse(request);
            return this;
        }
        GroupCommand command;
        try {
            command = GroupJson.decodeCommand(request.request());
        } catch (IllegalArgumentException e) {
            getContext().getLog().warn("A request for groups that this version does not know", e);
            answer(
                    request,
                    new GroupReply.Refused(new Failure.InvalidRequest("request", "the coordinator knows none such")));
            return this;
        }
        GroupMachine.Decision decision =
                machine.handle(command, settings.monotonicMillis().getAsLong());
        GroupReply reply = decision.reply();
        if (command instanceof GroupCommand.Heartbeat heartbeat) {
            Waiter member = new Waiter(heartbeat.group(), heartbeat.memberId());
            Optional<Waiting> earlier = noLongerWaiting(member);
            write(decision.facts());
            earlier.ifPresent(waited -> whenAllIsCommitted(waited.request(), reply)); // of two the later waits
            if (!waits(member, heartbeat.epoch(), request, reply)) {
                whenAllIsCommitted(request, reply);
            }
        } else {
            write(decision.facts());
            whenAllIsCommitted(request, reply);
        }
        return this;
    }

    /** Whether there is nothing new for this member, and it does not mind waiting until there is. */
    private boolean waits(Waiter member, long epoch, PartitionCommand.Coordinate request, GroupReply reply) {
        if (request.maxWaitMillis() <= 0
                || !(reply instanceof GroupReply.Assigned assigned)
                || assigned.memberEpoch() != epoch) {
            return false;
        }
        long wait = Math.min(request.maxWaitMillis(), assigned.heartbeatIntervalMillis());
        waiting.put(member, new Waiting(request, epoch));
        timers.startSingleTimer(member, new WaitedEnough(member), Duration.ofMillis(wait));
        return true;
    }

    private Behavior<ReplicaMessage> onWaitedEnough(WaitedEnough message) {
        wake(message.member());
        return this;
    }

    private void wake(Waiter member) {
        noLongerWaiting(member)
                .ifPresent(waited ->
                        whenAllIsCommitted(waited.request(), machine().assigned(member.group(), member.memberId())));
    }

    private Optional<Waiting> noLongerWaiting(Waiter member) {
        timers.cancel(member);
        return Optional.ofNullable(waiting.remove(member));
    }

    private Behavior<ReplicaMessage> onExpire() {
        timerAtMillis = Long.MAX_VALUE;
        if (machine != null) {
            write(machine.expire(settings.monotonicMillis().getAsLong()).facts());
        }
        return this;
    }

    private static void answer(PartitionCommand.Coordinate request, GroupReply reply) {
        request.replyTo().tell(new PartitionReply.Coordinated(request.requestId(), GroupJson.encode(reply)));
    }

    private static void refuse(PartitionCommand.Coordinate request) {
        request.replyTo().tell(new PartitionReply.NotLeader(request.requestId(), OptionalInt.empty()));
    }

    // -------------------------------------------------------------------------------------------------------- writing

    private void write(List<Fact> facts) {
        if (!facts.isEmpty()) {
            waitingToBeWritten.add(
                    new Decided(facts.stream().map(GroupJson::encode).toList(), committed -> {}, how -> {}));
            for (Fact fact : facts) {
                if (fact instanceof Fact.MemberIs is) {
                    Waiter member = new Waiter(is.group(), is.memberId());
                    Waiting waits = waiting.get(member);
                    if (waits != null && waits.epoch() != is.member().epoch()) {
                        wake(member);
                    }
                } else if (fact instanceof Fact.MemberGone gone) {
                    wake(new Waiter(gone.group(), gone.memberId()));
                }
            }
            writeOn();
        }
        armTimer();
    }

    /** Nobody hears of anything that is not committed. */
    private void whenAllIsCommitted(PartitionCommand.Coordinate request, GroupReply reply) {
        whenAllIsCommitted(
                committed -> answer(request, reply), how -> request.replyTo().tell(how.apply(request.requestId())));
    }

    private void whenAllIsCommitted(LongConsumer then, Consumer<LongFunction<PartitionReply>> whenNot) {
        if (waitingToBeWritten.isEmpty() && beingWritten.isEmpty()) {
            then.accept(NOWHERE);
        } else {
            waitingToBeWritten.add(new Decided(List.of(), then, whenNot));
        }
    }

    private void writeOn() {
        if (!beingWritten.isEmpty()) {
            return;
        }
        while (!waitingToBeWritten.isEmpty()
                && waitingToBeWritten.getFirst().facts().isEmpty()) {
            waitingToBeWritten.removeFirst().whenCommitted().accept(NOWHERE); // all before it is committed
        }
        if (waitingToBeWritten.isEmpty()) {
            return;
        }
        List<Decided> next = new ArrayList<>();
        List<Bytes> facts = new ArrayList<>();
        int bytes = 0;
        while (!waitingToBeWritten.isEmpty() && bytes < WRITE_BYTES_MAX) {
            Decided one = waitingToBeWritten.removeFirst();
            next.add(one);
            facts.addAll(one.facts());
            bytes += one.facts().stream().mapToInt(Bytes::size).sum();
        }
        beingWritten = next;
        Payload batch = GroupLog.encode(facts, settings.wallMillis().getAsLong());
        writtenBytes = batch.sizeBytes();
        partition.tell(new PartitionCommand.ProduceInTerm(
                term, new PartitionCommand.Produce(++lastRequest, batch, facts.size(), replies)));
    }

    private Behavior<ReplicaMessage> onWritten(PartitionReply reply) {
        if (reply instanceof PartitionReply.Produced produced) {
            List<Decided> committed = beingWritten;
            beingWritten = List.of();
            sinceCheckpointBytes += writtenBytes;
            writtenTo = produced.baseOffset() + produced.recordCount();
            committed.forEach(one -> one.whenCommitted().accept(produced.baseOffset()));
            checkpointIfDue();
            writeOn();
            return this;
        }
        if (reply instanceof PartitionReply.Overloaded full) {
            letGoOfAll(id -> new PartitionReply.Overloaded(id, full.limitBytes()));
        } else if (reply instanceof PartitionReply.DiskFull) {
            letGoOfAll(PartitionReply.DiskFull::new);
        } else {
            letGoOfAll(NOT_COMMITTED);
            return Behaviors.stopped();
        }
        forget(); // it knows more than the log
        timers.startSingleTimer(Load.INSTANCE, RETRY_AFTER);
        return this;
    }

    /** What holds is told again, and what was said before is not needed any more. */
    private void checkpointIfDue() {
        if (checkpointing || sinceCheckpointBytes < Math.max(settings.checkpointBytes(), 4 * checkpointBytes)) {
            return;
        }
        checkpointing = true;
        sinceCheckpointBytes = 0;
        List<Bytes> facts =
                machine().table().facts().stream().map(GroupJson::encode).toList();
        checkpointBytes = facts.stream().mapToLong(Bytes::size).sum();
        long[] begin = {facts.isEmpty() ? writtenTo : NOWHERE};
        for (int from = 0; from < facts.size(); from += CHECKPOINT_PIECE_FACTS) {
            List<Bytes> piece = facts.subList(from, Math.min(facts.size(), from + CHECKPOINT_PIECE_FACTS));
            waitingToBeWritten.add(
                    new Decided(piece, offset -> begin[0] = begin[0] == NOWHERE ? offset : begin[0], how -> {}));
        }
        whenAllIsCommitted(
                committed -> {
                    checkpointing = false;
                    partition.tell(new PartitionCommand.TrimBefore(
                            term, begin[0], settings.wallMillis().getAsLong()));
                },
                how -> checkpointing = false);
    }

    // -------------------------------------------------------------------------------------------------------- the end

    private void letGoOfAll(LongFunction<PartitionReply> how) {
        List<Decided> all = new ArrayList<>(beingWritten);
        all.addAll(waitingToBeWritten);
        beingWritten = List.of();
        waitingToBeWritten.clear();
        all.forEach(one -> one.whenNot().accept(how));
        waiting.forEach((member, waited) -> {
            timers.cancel(member);
            refuse(waited.request());
        });
        waiting.clear();
    }

    private Behavior<ReplicaMessage> onEnd() {
        settings.view().unsubscribe(metadata);
        letGoOfAll(NOT_COMMITTED);
        return this;
    }

    private void armTimer() {
        long next = machine().nextMillis().orElse(Long.MAX_VALUE);
        if (next < timerAtMillis) {
            timerAtMillis = next;
            long delay = Math.max(1, next - settings.monotonicMillis().getAsLong());
            timers.startSingleTimer(Expire.INSTANCE, Duration.ofMillis(delay));
        }
    }

    private GroupMachine machine() {
        return Optional.ofNullable(machine).orElseThrow(() -> new IllegalStateException("the log is not read yet"));
    }
}
