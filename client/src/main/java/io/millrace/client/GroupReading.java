package io.millrace.client;

import io.millrace.protocol.TopicPartition;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a consumer reads as a member of a group: brings what the group decides to its partitions and its listener, and commits. All but
 * the commits that the application makes is called by the thread that reads, so that a partition never goes while its records are handed out.
 */
final class GroupReading {
    private static final long FOR_EVER_NANOS = TimeUnit.DAYS.toNanos(365);

    /** The consumer's. */
    interface Partitions {
        void begin(TopicPartition partition, StartPosition start);

        /** Nothing more of it is handed out. */
        void end(TopicPartition partition);
    }

    private final GroupMember member;
    private final ResetPolicy reset;
    private final HandledOffsets handled;
    private final Timers timers;
    private final Partitions partitions;
    private final Duration autoCommit;
    private volatile RebalanceListener listener = RebalanceListener.NONE;
    private volatile boolean subscribed;
    /** By this consumer itself, as far as it knows. */
    private final Map<TopicPartition, Long> committed = new ConcurrentHashMap<>();

    private volatile boolean committing;
    private long committedNanos;

    GroupReading(GroupMember member, ResetPolicy reset, HandledOffsets handled, Timers timers, Partitions partitions) {
        this.member = member;
        this.reset = reset;
        this.handled = handled;
        this.timers = timers;
        this.partitions = partitions;
        this.autoCommit = member.settings().autoCommit();
        this.committedNanos = timers.nanoTime();
    }

    boolean isSubscribed() {
        return subscribed;
    }

    void subscribe(GroupMember.Subscription what, RebalanceListener newListener) {
        subscribed = true;
        listener = newListener;
        member.subscribe(what);
    }

    /** The application asks for records. */
    void polled() {
        member.polled();
    }

    /** Whether nothing may be handed out just now. */
    boolean isSuspended() {
        return subscribed && member.isSuspended();
    }

    /** What keeps it from taking part; null if nothing does. */
    @Nullable MillraceException failure() {
        return subscribed ? member.failure() : null;
    }

    /** What the group has decided meanwhile. */
    void takeUp() {
        Set<TopicPartition> lost = member.takeLost();
        if (!lost.isEmpty()) {
            lost.forEach(this::forget);
            listener.onLost(lost);
        }
        letGo();
        beginNew();
        commitWhenDue();
    }

    private void forget(TopicPartition partition) {
        partitions.end(partition);
        handled.forget(partition);
        committed.remove(partition);
    }

    /** Of what is to be let go of nothing more is handed out; it goes when all that was handed out is handled. */
    private void letGo() {
        Set<GroupMembership.Owned> leaving = new HashSet<>();
        Set<TopicPartition> names = new HashSet<>();
        for (GroupMembership.Owned owned : member.toLetGo()) {
            partitions.end(owned.partition());
            if (!handled.isOpen(owned.partition())) {
                leaving.add(owned);
                names.add(owned.partition());
            }
        }
        if (!leaving.isEmpty()) {
            revoke(names);
            member.letGo(leaving);
        }
    }

    private void revoke(Set<TopicPartition> revoked) {
        if (!autoCommit.isZero()) {
            Map<TopicPartition, Long> last = uncommitted();
            last.keySet().retainAll(revoked);
            try {
                Futures.await(commit(last));
            } catch (MillraceException e) {
                // Whoever gets them handles some records again.
            }
        }
        listener.onRevoked(revoked);
        revoked.forEach(this::forget);
    }

    private void beginNew() {
        Set<TopicPartition> begun = new HashSet<>();
        for (GroupMember.Beginning beginning : member.toBegin()) {
            TopicPartition partition = beginning.owned().partition();
            if (member.begin(beginning.owned())) {
                partitions.begin(
                        partition,
                        beginning.committed().isPresent()
                                ? new StartPosition.At(beginning.committed().getAsLong())
                                : StartPosition.of(reset));
                begun.add(partition);
            }
        }
        if (!begun.isEmpty()) {
            listener.onAssigned(begun);
        }
    }

    /** Commits what is handled, if that is automatic, and leaves. What it reads ends. */
    void leave(Set<TopicPartition> assigned) {
        if (!subscribed) {
            return;
        }
        assigned.forEach(partitions::end);
        if (!assigned.isEmpty()) {
            revoke(assigned);
        }
        try {
            Futures.await(member.leave());
        } catch (MillraceException e) {
            // The session will end by itself.
        }
        subscribed = false;
    }

    // --------------------------------------------------------------------------------------------------------- commits

    /** From one automatic commit to the next. */
    long commitNanos() {
        return autoCommit.isZero() ? FOR_EVER_NANOS : autoCommit.toNanos();
    }

    private void commitWhenDue() {
        long now = timers.nanoTime();
        if (autoCommit.isZero() || committing || now - committedNanos < commitNanos()) {
            return;
        }
        committedNanos = now;
        Map<TopicPartition, Long> due = uncommitted();
        if (!due.isEmpty()) {
            committing = true;
            Futures.then(
                    commit(due), done -> committing = false, failure -> committing = false); // there will be another
        }
    }

    private Map<TopicPartition, Long> uncommitted() {
        Map<TopicPartition, Long> due = handled.handled();
        due.entrySet().removeIf(each -> each.getValue().equals(committed.get(each.getKey())));
        return due;
    }

    /** Succeeds with true. */
    CompletableFuture<Boolean> commit(Map<TopicPartition, Long> offsets) {
        return member.commit(offsets).thenApply(done -> {
            committed.putAll(offsets);
            return done;
        });
    }

    CompletableFuture<Map<TopicPartition, Long>> committed(Collection<TopicPartition> which) {
        return member.committed(which);
    }
}
