package io.millrace.client;

import io.grpc.MethodDescriptor;
import io.millrace.client.Calls.Reply;
import io.millrace.client.GroupMembership.Owned;
import io.millrace.protocol.TopicPartition;
import io.millrace.protocol.v1.CommitOffsetsRequest;
import io.millrace.protocol.v1.CommitOffsetsResponse;
import io.millrace.protocol.v1.CommitResult;
import io.millrace.protocol.v1.CommittedOffset;
import io.millrace.protocol.v1.FetchOffsetsRequest;
import io.millrace.protocol.v1.FetchOffsetsResponse;
import io.millrace.protocol.v1.GroupServiceGrpc;
import io.millrace.protocol.v1.HeartbeatRequest;
import io.millrace.protocol.v1.HeartbeatResponse;
import io.millrace.protocol.v1.LeaveGroupRequest;
import io.millrace.protocol.v1.Membership;
import io.millrace.protocol.v1.PartitionCommit;
import io.millrace.protocol.v1.TopicPartitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A consumer's place in its group: heartbeats without end, one after the other, each held back by the coordinator until there is
 * something new; and offsets. {@link GroupMembership} knows the rules. What an answer changes waits here until the thread that reads takes it
 * up, so that nothing of the application is called on any other.
 */
final class GroupMember {
    /** What the group reads. */
    record Subscription(List<String> topics, String pattern) {
        Subscription {
            topics = List.copyOf(topics);
        }
    }

    /** A partition to begin with, and where: empty, if the group has committed nothing. */
    record Beginning(Owned owned, OptionalLong committed) {}

    private static final Duration HEARTBEAT_FIRST = Duration.ofSeconds(3);

    private final GroupSettings settings;
    private final ClientSettings clientSettings;
    private final Calls calls;
    private final Timers timers;
    private final RandomGenerator random;
    /** There is something to take up. Called without a lock. */
    private final Runnable changed;

    private @Nullable GroupMembership membership;
    private @Nullable Subscription subscription;
    /** Not told to the coordinator yet. */
    private boolean subscriptionIsNew;

    private Duration heartbeatInterval = HEARTBEAT_FIRST;
    private Duration sessionTimeout;
    private long aliveSinceNanos;
    private long polledNanos;
    /** Each heartbeat is told apart from those before it: only the last is followed by another. */
    private long beat;

    private int troubles;
    private @Nullable MillraceException failure;
    /** Asked for, of this epoch. */
    private long offsetsAskedFor;

    private final Map<Owned, OptionalLong> offsets = new HashMap<>();
    /** Taken away without a word: the application has not heard. */
    private final Set<TopicPartition> lost = new HashSet<>();

    GroupMember(
            GroupSettings settings,
            ClientSettings clientSettings,
            Calls calls,
            Timers timers,
            RandomGenerator random,
            Runnable changed) {
        this.settings = settings;
        this.clientSettings = clientSettings;
        this.calls = calls;
        this.timers = timers;
        this.random = random;
        this.changed = changed;
        this.sessionTimeout = settings.sessionTimeout();
        this.polledNanos = timers.nanoTime();
    }

    GroupSettings settings() {
        return settings;
    }

    /** Joins, or tells the group what it reads from now on. */
    void subscribe(Subscription what) {
        synchronized (this) {
            subscription = what;
            subscriptionIsNew = true;
            failure = null;
            polledNanos = timers.nanoTime();
            if (membership == null) {
                join();
            }
        }
        heartbeat();
    }

    private void join() {
        membership = new GroupMembership(new UUID(random.nextLong(), random.nextLong()).toString());
        subscriptionIsNew = true;
        offsets.clear();
        offsetsAskedFor = 0;
        aliveSinceNanos = timers.nanoTime();
    }

    // ------------------------------------------------------------------------------------------------- who reads

    /** The application asks for records: it lives. Joins again, if it was taken for stuck. */
    void polled() {
        boolean joins = false;
        synchronized (this) {
            polledNanos = timers.nanoTime();
            if (membership == null && subscription != null && failure == null) {
                join();
                joins = true;
            }
        }
        if (joins) {
            heartbeat();
        }
    }

    /** Whether nothing may be given out: nobody has heard of this member for a session, and others may have its partitions (rule 3). */
    synchronized boolean isSuspended() {
        return timers.nanoTime() - aliveSinceNanos > sessionTimeout.toNanos();
    }

    /** What the application must hear of first. */
    synchronized Set<TopicPartition> takeLost() {
        Set<TopicPartition> taken = Set.copyOf(lost);
        lost.clear();
        return taken;
    }

    synchronized Set<Owned> toLetGo() {
        return membership == null ? Set.of() : membership.toLetGo();
    }

    /** Those whose committed offsets are known. */
    synchronized List<Beginning> toBegin() {
        GroupMembership member = membership;
        if (member == null) {
            return List.of();
        }
        List<Beginning> known = new ArrayList<>();
        for (Owned owned : member.toBegin()) {
            OptionalLong offset = offsets.get(owned);
            if (offset != null) {
                known.add(new Beginning(owned, offset));
            }
        }
        return known;
    }

    /** Whether it acts on this one from now on: it may have been taken away meanwhile. */
    synchronized boolean begin(Owned owned) {
        offsets.remove(owned);
        return membership != null && membership.begin(owned);
    }

    /** Nothing of these is handled any more, and all that was is committed. Tells the coordinator at once. */
    void letGo(Set<Owned> partitions) {
        synchronized (this) {
            if (membership == null) {
                return;
            }
            membership.letGo(partitions);
        }
        askOffsets(); // of a topic that was made anew
        heartbeat();
    }

    /** What keeps it from taking part; null if nothing does. */
    synchronized @Nullable MillraceException failure() {
        return failure;
    }

    synchronized String memberId() {
        return membership == null ? "" : membership.memberId();
    }

    // ------------------------------------------------------------------------------------------------------ heartbeats

    /** Tells the coordinator how things are now. The one that is held back is answered then, and nobody follows it. */
    private void heartbeat() {
        HeartbeatRequest request;
        GroupMembership member;
        long mine;
        long sentNanos = timers.nanoTime();
        Duration wait;
        synchronized (this) {
            member = membership;
            Subscription what = subscription;
            if (member == null || what == null) {
                return;
            }
            Duration left = settings.maxPollInterval().minusNanos(sentNanos - polledNanos);
            if (left.isNegative()) {
                lose();
                var unused = leave(member.memberId(), false);
                return;
            }
            mine = ++beat;
            boolean tells = member.epoch() == 0 || subscriptionIsNew;
            // Answered when the time to poll is over, if it has not been polled by then.
            Duration look = left.plusMillis(1);
            wait = tells ? Duration.ZERO : look.compareTo(heartbeatInterval) < 0 ? look : heartbeatInterval;
            HeartbeatRequest.Builder builder = HeartbeatRequest.newBuilder()
                    .setGroup(settings.group())
                    .setMemberId(member.memberId())
                    .setMemberEpoch(member.epoch())
                    .addAllOwned(byTopic(member.owned()))
                    .setMaxWaitMillis((int) wait.toMillis());
            if (tells) {
                builder.setMembership(membershipOf(what));
                subscriptionIsNew = false;
            }
            request = builder.build();
        }
        Futures.then(
                call(GroupServiceGrpc.getHeartbeatMethod(), request, wait),
                answer -> answered(mine, member, answer, sentNanos),
                trouble -> troubled(mine, member, trouble));
    }

    private Membership membershipOf(Subscription what) {
        return Membership.newBuilder()
                .addAllTopics(what.topics())
                .setPattern(what.pattern())
                .setInstanceId(settings.instanceId())
                .setRack(settings.rack().isEmpty() ? clientSettings.rack() : settings.rack())
                .setAssignor(settings.assignor())
                .setSessionTimeoutMillis((int) settings.sessionTimeout().toMillis())
                .setRebalanceTimeoutMillis((int) settings.maxPollInterval().toMillis())
                .build();
    }

    private void answered(long mine, GroupMembership member, HeartbeatResponse answer, long sentNanos) {
        boolean isLast;
        synchronized (this) {
            if (member != membership) {
                return;
            }
            troubles = 0;
            aliveSinceNanos = Math.max(aliveSinceNanos, sentNanos);
            heartbeatInterval = Duration.ofMillis(answer.getHeartbeatIntervalMillis());
            sessionTimeout = Duration.ofMillis(answer.getSessionTimeoutMillis());
            Set<Owned> assignment = new HashSet<>();
            for (TopicPartitions topic : answer.getAssignmentList()) {
                for (int partition : topic.getPartitionsList()) {
                    assignment.add(new Owned(topic.getTopicId(), new TopicPartition(topic.getTopic(), partition)));
                }
            }
            if (member.answered(answer.getMemberEpoch(), assignment)) {
                offsets.keySet().retainAll(member.toBegin());
            }
            isLast = mine == beat;
        }
        changed.run();
        askOffsets();
        if (isLast) {
            heartbeat();
        }
    }

    private void troubled(long mine, GroupMembership member, MillraceException trouble) {
        Duration pause;
        synchronized (this) {
            if (member != membership) {
                return;
            }
            boolean fenced = trouble.reason() == FailureReason.UNKNOWN_MEMBER
                    || trouble.reason() == FailureReason.FENCED_MEMBER_EPOCH;
            if (fenced) {
                lose();
                join();
            } else if (mine != beat) {
                return;
            } else if (!trouble.isRetriable() || trouble.reason() == FailureReason.CLOSED) {
                lose();
                failure = trouble;
            }
            subscriptionIsNew = true; // it may not have arrived
            troubles++;
            pause = clientSettings.retryPolicy().backoff(troubles, random);
        }
        changed.run();
        timers.schedule(pause, this::heartbeat);
    }

    /** Rule 5. */
    private void lose() {
        GroupMembership member = membership;
        if (member != null) {
            member.acting().forEach(owned -> lost.add(owned.partition()));
        }
        membership = null;
        offsets.clear();
    }

    // --------------------------------------------------------------------------------------------------------- offsets

    /** Where the group stands in the partitions that are new. */
    private void askOffsets() {
        FetchOffsetsRequest request;
        GroupMembership member;
        Set<Owned> wanted;
        synchronized (this) {
            member = membership;
            if (member == null || offsetsAskedFor == member.epoch()) {
                return;
            }
            wanted = new HashSet<>(member.toBegin());
            wanted.removeAll(offsets.keySet());
            if (wanted.isEmpty()) {
                return;
            }
            offsetsAskedFor = member.epoch();
            request = FetchOffsetsRequest.newBuilder()
                    .setGroup(settings.group())
                    .setMemberId(member.memberId())
                    .setMemberEpoch(member.epoch())
                    .addAllPartitions(byTopic(wanted))
                    .build();
        }
        Futures.then(
                call(GroupServiceGrpc.getFetchOffsetsMethod(), request, Duration.ZERO),
                answer -> offsetsArrived(member, request.getMemberEpoch(), wanted, answer),
                trouble -> askOffsetsAgain(member));
    }

    /** Of use only in the epoch that it was asked in: what was let go of since, and came back, others may have read on. */
    private void offsetsArrived(GroupMembership member, long epoch, Set<Owned> wanted, FetchOffsetsResponse answer) {
        Map<Owned, OptionalLong> found = new HashMap<>();
        wanted.forEach(owned -> found.put(owned, OptionalLong.empty()));
        for (CommittedOffset each : answer.getOffsetsList()) {
            Owned owned = new Owned(each.getTopicId(), new TopicPartition(each.getTopic(), each.getPartition()));
            found.replace(owned, OptionalLong.of(each.getOffset()));
        }
        synchronized (this) {
            if (member != membership || epoch != member.epoch()) {
                return; // asked again, if it is to be known still
            }
            found.keySet().retainAll(member.toBegin());
            offsets.putAll(found);
            offsetsAskedFor = 0;
        }
        changed.run();
        askOffsets();
    }

    /** Whatever it was: if this is no member any more, a heartbeat will tell. */
    private void askOffsetsAgain(GroupMembership member) {
        timers.schedule(clientSettings.retryPolicy().backoff(2, random), () -> {
            synchronized (this) {
                if (member != membership) {
                    return;
                }
                offsetsAskedFor = 0;
            }
            askOffsets();
        });
    }

    /** What the group has committed for these; those for which it has nothing are missing. */
    CompletableFuture<Map<TopicPartition, Long>> committed(Collection<TopicPartition> partitions) {
        FetchOffsetsRequest request = FetchOffsetsRequest.newBuilder()
                .setGroup(settings.group())
                .addAllPartitions(byTopic(partitions.stream()
                        .map(partition -> new Owned(0, partition))
                        .toList()))
                .build();
        return call(GroupServiceGrpc.getFetchOffsetsMethod(), request, Duration.ZERO)
                .thenApply(answer -> {
                    Map<TopicPartition, Long> found = new HashMap<>();
                    answer.getOffsetsList()
                            .forEach(each -> found.put(
                                    new TopicPartition(each.getTopic(), each.getPartition()), each.getOffset()));
                    return found;
                });
    }

    /** Succeeds with true; fails with the first refusal, if any partition was refused and that will not pass. */
    CompletableFuture<Boolean> commit(Map<TopicPartition, Long> handled) {
        if (handled.isEmpty()) {
            return CompletableFuture.completedFuture(true);
        }
        CommitOffsetsRequest.Builder request = CommitOffsetsRequest.newBuilder().setGroup(settings.group());
        synchronized (this) {
            GroupMembership member = membership;
            Map<TopicPartition, Long> topicIds = new HashMap<>();
            if (member != null) {
                request.setMemberId(member.memberId()).setMemberEpoch(member.epoch());
                member.acting().forEach(owned -> topicIds.put(owned.partition(), owned.topicId()));
            } else if (subscription != null) {
                return CompletableFuture.failedFuture(new MillraceException(
                        FailureReason.UNKNOWN_MEMBER,
                        "this consumer is no member of " + settings.group() + " just now",
                        Map.of("group", settings.group())));
            }
            handled.forEach((partition, offset) -> request.addOffsets(PartitionCommit.newBuilder()
                    .setTopic(partition.topic())
                    .setTopicId(topicIds.getOrDefault(partition, 0L))
                    .setPartition(partition.partition())
                    .setOffset(offset)));
        }
        return commit(
                request.build(), timers.nanoTime() + clientSettings.timeout().toNanos(), 1);
    }

    /** A partition without a leader cannot say whether it has the offset: the same again does no harm to the others. */
    private CompletableFuture<Boolean> commit(CommitOffsetsRequest request, long giveUpNanos, int attempt) {
        return call(GroupServiceGrpc.getCommitOffsetsMethod(), request, Duration.ZERO)
                .thenCompose(answer -> {
                    List<MillraceException> refusals = refusalsIn(answer);
                    Optional<MillraceException> lasting = refusals.stream()
                            .filter(refusal -> !refusal.isRetriable())
                            .findFirst();
                    if (refusals.isEmpty()) {
                        return CompletableFuture.completedFuture(true);
                    } else if (lasting.isPresent() || timers.nanoTime() >= giveUpNanos) {
                        return CompletableFuture.failedFuture(lasting.orElse(refusals.get(0)));
                    }
                    CompletableFuture<Boolean> later = new CompletableFuture<>();
                    timers.schedule(
                            clientSettings.retryPolicy().backoff(attempt, random),
                            () -> Futures.then(
                                    commit(request, giveUpNanos, attempt + 1),
                                    later::complete,
                                    later::completeExceptionally));
                    return later;
                });
    }

    private static List<MillraceException> refusalsIn(CommitOffsetsResponse answer) {
        return answer.getResultsList().stream()
                .filter(CommitResult::hasError)
                .map(refused -> StatusTranslation.translate(refused.getError()))
                .toList();
    }

    /** Leaves; whatever the member acted on is others' when it succeeds. Takes part no more. Succeeds with true. */
    CompletableFuture<Boolean> leave() {
        String memberId;
        synchronized (this) {
            memberId = memberId();
            membership = null;
            subscription = null;
            beat++;
        }
        return memberId.isEmpty()
                ? CompletableFuture.completedFuture(true)
                : leave(memberId, !settings.instanceId().isEmpty());
    }

    private CompletableFuture<Boolean> leave(String memberId, boolean keepPlace) {
        LeaveGroupRequest request = LeaveGroupRequest.newBuilder()
                .setGroup(settings.group())
                .setMemberId(memberId)
                .setKeepPlace(keepPlace)
                .build();
        return call(GroupServiceGrpc.getLeaveGroupMethod(), request, Duration.ZERO)
                .thenApply(left -> true);
    }

    private <Q, S> CompletableFuture<S> call(MethodDescriptor<Q, S> method, Q request, Duration serverWait) {
        return calls.call(new Calls.Request<>(
                        method,
                        request,
                        Calls.Route.AnyBroker.ANY,
                        true,
                        clientSettings.attemptTimeout().plus(serverWait),
                        clientSettings.timeout().plus(serverWait)))
                .thenApply(Reply::message);
    }

    private static List<TopicPartitions> byTopic(Collection<Owned> partitions) {
        Map<Owned, TopicPartitions.Builder> topics = new TreeMap<>(Comparator.<Owned>comparingLong(Owned::topicId)
                .thenComparing(owned -> owned.partition().topic()));
        for (Owned owned : partitions) {
            topics.computeIfAbsent(owned, first -> TopicPartitions.newBuilder()
                            .setTopic(first.partition().topic())
                            .setTopicId(first.topicId()))
                    .addPartitions(owned.partition().partition());
        }
        return topics.values().stream().map(TopicPartitions.Builder::build).toList();
    }
}
