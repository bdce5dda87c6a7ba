package io.millrace.client;

import io.millrace.protocol.TopicPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Reads records of several partitions, in the order of their offsets within each. While the application handles what it has, the
 * next records are fetched, up to a bound for each partition: one that is paused or slow holds up no other, and nothing is dropped.
 *
 * <pre>{@code
 * try (Consumer consumer = client.consumer()) {
 *     consumer.assign(consumer.partitionsOf("orders"));
 *     while (running) {
 *         for (ConsumerRecord record : consumer.poll(Duration.ofSeconds(1))) {
 *             handle(record);
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p>What passes by itself – a leader that is lost, a broker that is away, a full queue – is waited out, with growing pauses, and
 * not told; {@link #poll} is empty meanwhile. What does not is thrown by {@link #poll}, after the records that came before it.
 *
 * <p>Thread-safe, but {@link #poll} and {@link #forEach} are for one thread at a time.
 */
public final class Consumer implements AutoCloseable {
    private static final long FOR_EVER_NANOS = TimeUnit.DAYS.toNanos(365);

    private final ConsumerSettings settings;
    private final ClientSettings clientSettings;
    private final Calls calls;
    private final Timers timers;
    private final RandomGenerator random;
    private final java.util.function.Consumer<Consumer> whenClosed;
    private final Map<TopicPartition, PartitionFeed> feeds = new ConcurrentHashMap<>();
    private final Signal signal = new Signal();
    private final HandledOffsets handled = new HandledOffsets();
    private final @Nullable GroupReading group;
    /** Held by who polls or distributes. */
    private final ReentrantLock reading = new ReentrantLock();

    private volatile @Nullable RecordWorkers running;
    private volatile boolean closed;
    /** Which partition is asked first next time. */
    private int turn;

    /** @param whenClosed told when it is closed */
    Consumer(
            ConsumerSettings settings,
            ClientSettings clientSettings,
            Calls calls,
            Timers timers,
            RandomGenerator random,
            java.util.function.Consumer<Consumer> whenClosed) {
        this.settings = settings;
        this.clientSettings = clientSettings;
        this.calls = calls;
        this.timers = timers;
        this.random = random;
        this.whenClosed = whenClosed;
        GroupSettings groupSettings = settings.group();
        this.group = groupSettings == null
                ? null
                : new GroupReading(
                        new GroupMember(groupSettings, clientSettings, calls, timers, random, signal::raise),
                        settings.reset(),
                        handled,
                        timers,
                        new OfThisConsumer());
    }

    /**
     * All partitions of a topic; blocks until they are known.
     *
     * @throws MillraceException UNKNOWN_TOPIC, or what any call may fail with
     */
    public List<TopicPartition> partitionsOf(String topic) {
        int count = Futures.await(calls.metadata().topic(topic)).leaders().size();
        List<TopicPartition> partitions = new ArrayList<>(count);
        for (int number = 0; number < count; number++) {
            partitions.add(new TopicPartition(topic, number));
        }
        return partitions;
    }

    // ------------------------------------------------------------------------------------------------ what, and where

    /**
     * Reads these partitions and no others from now on. Those that were read before go on where they are; the others begin as
     * {@link ConsumerSettings#reset} says, unless {@link #seek} says otherwise.
     */
    public synchronized void assign(Collection<TopicPartition> partitions) {
        checkOpen();
        if (group != null && group.isSubscribed()) {
            throw new IllegalStateException("the group assigns partitions to this consumer: unsubscribe first");
        }
        Set<TopicPartition> wanted = new LinkedHashSet<>(partitions);
        for (TopicPartition partition : Set.copyOf(feeds.keySet())) {
            if (!wanted.contains(partition)) {
                remove(partition);
            }
        }
        wanted.forEach(partition -> feeds.computeIfAbsent(partition, p -> feed(p, StartPosition.of(settings.reset()))));
        signal.raise();
    }

    private PartitionFeed feed(TopicPartition partition, StartPosition start) {
        return new PartitionFeed(
                start,
                settings,
                new PartitionReader(partition, clientSettings, calls),
                clientSettings.retryPolicy(),
                timers,
                random,
                signal::raise);
    }

    private void remove(TopicPartition partition) {
        PartitionFeed removed = feeds.remove(partition);
        if (removed != null) {
            removed.close();
        }
    }

    /** As {@link #subscribe(Collection, RebalanceListener)}, without a listener. */
    public void subscribe(Collection<String> topics) {
        subscribe(topics, RebalanceListener.NONE);
    }

    /**
     * Reads these topics, and no others from now on, together with the other members of the group: each partition is one member's. It joins
     * the group in the background; partitions come, and may go again, during {@link #poll} or {@link #forEach}, and begin where the
     * group has committed, or as {@link ConsumerSettings#reset} says. Called again, it changes what is read: partitions of topics that
     * stay do not pause. A topic that does not exist yet is read when it does.
     *
     * @throws IllegalStateException if the settings name no group, or partitions were assigned
     */
    public void subscribe(Collection<String> topics, RebalanceListener listener) {
        subscribe(new GroupMember.Subscription(List.copyOf(topics), ""), listener);
    }

    /** As {@link #subscribe(String, RebalanceListener)}, without a listener. */
    public void subscribe(String pattern) {
        subscribe(pattern, RebalanceListener.NONE);
    }

    /**
     * The same with all topics whose whole name matches a regular expression (RE2 syntax), those that are created later too.
     *
     * @throws IllegalStateException if the settings name no group, or partitions were assigned
     */
    public void subscribe(String pattern, RebalanceListener listener) {
        subscribe(new GroupMember.Subscription(List.of(), pattern), listener);
    }

    private void subscribe(GroupMember.Subscription what, RebalanceListener newListener) {
        GroupReading reads = requireGroup();
        synchronized (this) {
            checkOpen();
            if (!reads.isSubscribed() && !feeds.isEmpty()) {
                throw new IllegalStateException("partitions are assigned to this consumer: assign none first");
            }
            reads.subscribe(what, newListener);
        }
    }

    /** Leaves the group: commits what is handled, if that is automatic, and reads nothing any more. Not while another thread polls. */
    public void unsubscribe() {
        begin();
        try {
            if (group != null) {
                group.leave(assignment());
            }
        } finally {
            reading.unlock();
        }
    }

    private GroupReading requireGroup() {
        GroupReading reads = group;
        if (reads == null) {
            throw new IllegalStateException("the consumer's settings name no group");
        }
        return reads;
    }

    /** The partitions that are read. */
    public Set<TopicPartition> assignment() {
        return Set.copyOf(feeds.keySet());
    }

    /**
     * Goes on at this offset. What was fetched and not polled is forgotten.
     *
     * @throws IllegalStateException if the partition is not assigned
     */
    public void seek(TopicPartition partition, long offset) {
        if (offset < 0) {
            throw new IllegalArgumentException("offsets are 0 or more, not " + offset);
        }
        assigned(partition).seek(new StartPosition.At(offset));
    }

    /** Goes on at the first record that can be read; all assigned partitions, if none is named. */
    public void seekToBeginning(TopicPartition... partitions) {
        seekAll(partitions, new StartPosition.Earliest());
    }

    /** Goes on at the next record that is written; all assigned partitions, if none is named. */
    public void seekToEnd(TopicPartition... partitions) {
        seekAll(partitions, new StartPosition.Latest());
    }

    /**
     * Goes on at the first record that has this timestamp, in milliseconds since 1970, or a later one, and at the end if there is none;
     * all assigned partitions, if none is named. Timestamps are the producers': older records may follow.
     */
    public void seekToTimestamp(long timestampMillis, TopicPartition... partitions) {
        seekAll(partitions, new StartPosition.AtTime(timestampMillis));
    }

    private void seekAll(TopicPartition[] partitions, StartPosition to) {
        Collection<TopicPartition> chosen = partitions.length == 0 ? assignment() : List.of(partitions);
        chosen.stream().map(this::assigned).toList().forEach(feed -> feed.seek(to));
    }

    /** Gives out nothing of these until {@link #resume}; what was fetched stays, and no more is. */
    public void pause(Collection<TopicPartition> partitions) {
        partitions.stream().map(this::assigned).toList().forEach(PartitionFeed::pause);
    }

    /** Goes on with these. */
    public void resume(Collection<TopicPartition> partitions) {
        partitions.stream().map(this::assigned).toList().forEach(PartitionFeed::resume);
    }

    /** Those that are paused. */
    public Set<TopicPartition> paused() {
        Set<TopicPartition> paused = new LinkedHashSet<>();
        feeds.values().stream().filter(PartitionFeed::isPaused).forEach(feed -> paused.add(feed.partition()));
        return paused;
    }

    /** The offset of the next record to be polled; empty until it is known where the partition begins. */
    public OptionalLong position(TopicPartition partition) {
        return assigned(partition).position();
    }

    /** What could be read of the partition when a broker last answered; empty before that. */
    public Optional<OffsetRange> available(TopicPartition partition) {
        return Optional.ofNullable(assigned(partition).available());
    }

    /** How many records there were after the position when a broker last answered; empty before that. */
    public OptionalLong lag(TopicPartition partition) {
        PartitionFeed feed = assigned(partition);
        OptionalLong position = feed.position();
        OffsetRange range = feed.available();
        return range == null || position.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(Math.max(0, range.latest() - position.getAsLong()));
    }

    private PartitionFeed assigned(TopicPartition partition) {
        PartitionFeed feed = feeds.get(partition);
        if (feed == null) {
            throw new IllegalStateException(partition + " is not assigned to this consumer");
        }
        return feed;
    }

    // --------------------------------------------------------------------------------------------------------- reading

    /**
     * The next records, of each partition in order; waits for the first one. Partitions take turns.
     *
     * @return at most {@link ConsumerSettings#pollRecordsMax}; empty if the time is over first, or {@link #wakeup} was called
     * @throws MillraceException OFFSET_OUT_OF_RANGE with the policy {@link ResetPolicy#ERROR}, CORRUPT_BATCH, UNKNOWN_TOPIC,
     *     UNKNOWN_PARTITION and others that do not pass, each time until the application seeks, or assigns other partitions; the topic and
     *     partition are in its metadata. CLOSED and INTERRUPTED
     */
    public List<ConsumerRecord> poll(Duration timeout) {
        long deadlineNanos = System.nanoTime() + timeout.toNanos();
        begin();
        try {
            // What was given before is handled: the application is done with it.
            feeds.values().forEach(this::reached);
            if (group != null) {
                group.polled();
            }
            while (true) {
                checkOpen();
                long seen = signal.count();
                takeUp();
                List<ConsumerRecord> records = takeSome();
                if (!records.isEmpty()) {
                    return records;
                }
                throwFailure();
                if (!signal.await(seen, deadlineNanos) || signal.takeWakeup()) {
                    signal.takeWakeup();
                    return List.of();
                }
            }
        } finally {
            reading.unlock();
        }
    }

    /** As {@link #forEach(WorkerSettings, RecordHandler)}, with {@link WorkerSettings#DEFAULT}. */
    public void forEach(RecordHandler handler) {
        forEach(WorkerSettings.DEFAULT, handler);
    }

    /**
     * Hands each record to the handler, on threads of its own, in the order that the settings name. Returns when {@link #wakeup} or
     * {@link #close} is called; what the workers have by then is handled first. The calling thread only distributes.
     *
     * @throws MillraceException as {@link #poll}; INTERNAL_FAULT with the cause, if the handler throws
     */
    public void forEach(WorkerSettings workers, RecordHandler handler) {
        begin();
        try (RecordWorkers pool = new RecordWorkers(
                workers, handler, record -> handled.done(record.partition(), record.offset()), signal::raise)) {
            running = pool;
            distribute(pool);
        } finally {
            running = null;
            reading.unlock();
        }
    }

    private void distribute(RecordWorkers pool) {
        // Of each partition, the record that found no room: those behind it wait as well.
        Map<TopicPartition, ConsumerRecord> held = new HashMap<>();
        long doneBefore = -1;
        while (!closed) {
            long seen = signal.count();
            GroupReading reads = group;
            if (reads != null && (!handled.isAnyOpen() || handled.doneCount() != doneBefore)) {
                doneBefore =
                        handled.doneCount(); // workers that are stuck are as good as an application that does not poll
                reads.polled();
            }
            takeUp();
            held.keySet().retainAll(feeds.keySet());
            boolean any = false;
            for (PartitionFeed feed : inTurn()) {
                any |= distribute(feed, held, pool);
            }
            Throwable thrown = pool.failure();
            if (thrown != null) {
                throw new MillraceException(
                        FailureReason.INTERNAL_FAULT, "the handler failed: " + thrown, Map.of(), true, null, thrown);
            }
            if (!any) {
                throwFailure();
                long waitNanos = reads == null ? FOR_EVER_NANOS : reads.commitNanos();
                signal.await(seen, System.nanoTime() + waitNanos);
            }
            if (signal.takeWakeup()) {
                return;
            }
        }
    }

    private boolean distribute(PartitionFeed feed, Map<TopicPartition, ConsumerRecord> held, RecordWorkers pool) {
        boolean any = false;
        ConsumerRecord record = held.remove(feed.partition());
        if (record != null && !feed.isNext(record.offset() + 1)) {
            record = null; // sought elsewhere meanwhile
        }
        for (record = record == null ? feed.take() : record; record != null; record = feed.take()) {
            handled.began(feed.partition(), record.offset());
            if (!pool.offer(record)) {
                handled.notBegun(feed.partition(), record.offset());
                held.put(feed.partition(), record);
                return any;
            }
            any = true;
        }
        return any;
    }

    private void begin() {
        if (!reading.tryLock()) {
            throw new IllegalStateException("another thread reads from this consumer");
        }
    }

    /** Lets a {@link #poll} that waits, or else the next one that would, return at once; and {@link #forEach}. */
    public void wakeup() {
        signal.wakeup();
    }

    private List<ConsumerRecord> takeSome() {
        List<ConsumerRecord> records = new ArrayList<>();
        List<PartitionFeed> all = inTurn();
        for (PartitionFeed feed : all) {
            feed.take(records, settings.pollRecordsMax() - records.size());
        }
        return records;
    }

    private List<PartitionFeed> inTurn() {
        if (group != null && group.isSuspended()) {
            return List.of(); // the coordinator may take it for dead
        }
        List<PartitionFeed> all = new ArrayList<>(feeds.values());
        all.forEach(PartitionFeed::proceed);
        if (!all.isEmpty()) {
            Collections.rotate(all, -Math.floorMod(turn++, all.size()));
        }
        return all;
    }

    private void throwFailure() {
        MillraceException left = group == null ? null : group.failure();
        if (left != null) {
            throw left.rethrown();
        }
        for (PartitionFeed feed : feeds.values()) {
            MillraceException failure = feed.failure();
            if (failure != null) {
                throw failure.rethrown();
            }
        }
    }

    // ----------------------------------------------------------------------------------------------------------- group

    /**
     * Commits how far this consumer has come: everything that was polled, or that the workers of {@link #forEach} have handled.
     * Waits until it is committed.
     *
     * @throws MillraceException UNKNOWN_MEMBER, FENCED_MEMBER_EPOCH and PARTITION_NOT_OWNED, if the group has given partitions to others, or
     *     what any call may fail with
     * @throws IllegalStateException if the settings name no group
     */
    public void commitSync() {
        commitSync(progress());
    }

    /** Commits these: of each partition, the offset of the next record to handle. Otherwise as {@link #commitSync()}. */
    public void commitSync(Map<TopicPartition, Long> offsets) {
        Futures.await(requireGroup().commit(Map.copyOf(offsets)));
    }

    /** Commits that everything up to this record is handled. Otherwise as {@link #commitSync()}. */
    public void commitSync(ConsumerRecord record) {
        commitSync(Map.of(record.partition(), record.offset() + 1));
    }

    /** As {@link #commitSync()}, without waiting: the callback hears what became of it. */
    public void commitAsync(CommitCallback callback) {
        commitAsync(progress(), callback);
    }

    /** As {@link #commitSync(Map)}, without waiting: the callback hears what became of it. */
    public void commitAsync(Map<TopicPartition, Long> offsets, CommitCallback callback) {
        Map<TopicPartition, Long> copy = Map.copyOf(offsets);
        Futures.then(
                requireGroup().commit(copy),
                done -> callback.completed(copy, null),
                failure -> callback.completed(copy, failure));
    }

    /**
     * What the group has committed of these partitions; those for which it has nothing are missing. Blocks.
     *
     * @throws MillraceException what any call may fail with
     * @throws IllegalStateException if the settings name no group
     */
    public Map<TopicPartition, Long> committed(Collection<TopicPartition> partitions) {
        return Futures.await(requireGroup().committed(partitions));
    }

    private final class OfThisConsumer implements GroupReading.Partitions {
        @Override
        public void begin(TopicPartition partition, StartPosition start) {
            feeds.put(partition, feed(partition, start));
        }

        @Override
        public void end(TopicPartition partition) {
            remove(partition);
        }
    }

    private void takeUp() {
        if (group != null) {
            group.takeUp();
        }
    }

    private void reached(PartitionFeed feed) {
        feed.position().ifPresent(position -> handled.reached(feed.partition(), position));
    }

    private Map<TopicPartition, Long> progress() {
        if (running == null) {
            feeds.values().forEach(this::reached);
        }
        return handled.handled();
    }

    private void checkOpen() {
        if (closed) {
            throw new MillraceException(FailureReason.CLOSED, "the consumer is closed", Map.of());
        }
    }

    /**
     * Reads no more. In a group, commits what is handled, if that is automatic – of what was polled last, it is not known – and leaves, so
     * that others get the partitions at once. A {@link #poll} that waits fails with CLOSED; {@link #forEach} returns, when what its workers have is handled,
     * and this waits for it.
     *
     * @throws IllegalStateException if a handler calls it: it should call {@link #wakeup}
     */
    @Override
    public void close() {
        RecordWorkers pool = running;
        if (pool != null && pool.isOne(Thread.currentThread())) {
            throw new IllegalStateException("a handler cannot close its consumer, which waits for it; see wakeup()");
        }
        closed = true;
        signal.raise();
        reading.lock();
        try {
            if (group != null) {
                group.leave(assignment());
            }
            synchronized (this) {
                Set.copyOf(feeds.keySet()).forEach(this::remove);
            }
            whenClosed.accept(this);
        } finally {
            reading.unlock();
        }
    }
}
