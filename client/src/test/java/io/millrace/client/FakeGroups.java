package io.millrace.client;

import io.grpc.Status;
import io.millrace.protocol.v1.CommitOffsetsRequest;
import io.millrace.protocol.v1.CommitOffsetsResponse;
import io.millrace.protocol.v1.CommitResult;
import io.millrace.protocol.v1.CommittedOffset;
import io.millrace.protocol.v1.Error;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.FetchOffsetsRequest;
import io.millrace.protocol.v1.FetchOffsetsResponse;
import io.millrace.protocol.v1.HeartbeatRequest;
import io.millrace.protocol.v1.HeartbeatResponse;
import io.millrace.protocol.v1.LeaveGroupRequest;
import io.millrace.protocol.v1.LeaveGroupResponse;
import io.millrace.protocol.v1.PartitionCommit;
import io.millrace.protocol.v1.Topic;
import io.millrace.protocol.v1.TopicPartitions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The coordinator of one group, in memory, by the rules of {@code groups.proto}: a partition is given on only when its owner has let go
 * of it. It expires nobody by itself.
 */
final class FakeGroups {
    /** @param topic its name */
    record Part(long topicId, String topic, int partition) {}

    private static final int SESSION_MILLIS = 30_000;

    private static final class Member {
        long epoch;
        List<String> topics = List.of();
        String pattern = "";
        Set<Part> given = new HashSet<>();
        Set<Part> owned = new HashSet<>();
        long beat;

        boolean wants(Part part) {
            return topics.contains(part.topic())
                    || (!pattern.isEmpty() && part.topic().matches(pattern));
        }

        boolean has(Part part) {
            return given.contains(part) || owned.contains(part);
        }
    }

    private final Supplier<List<Topic>> topics;
    private final Map<String, Member> members = new TreeMap<>();
    private final Map<Part, Long> committed = new HashMap<>();
    private final List<String> log = new ArrayList<>();
    private final List<Held> held = new ArrayList<>();
    private Predicate<FetchOffsetsRequest> holds = request -> false;
    private int waitMillisMax;
    private int withoutLeader;
    private long lastEpoch;

    /** A question about offsets whose answer is ready, and is not given. */
    record Held(FetchOffsetsRequest request, CompletableFuture<Boolean> released) {
        void release() {
            released.complete(true);
        }
    }

    FakeGroups(Supplier<List<Topic>> topics) {
        this.topics = topics;
    }

    synchronized HeartbeatResponse heartbeat(HeartbeatRequest request) throws InterruptedException {
        waitMillisMax = Math.max(waitMillisMax, request.getMaxWaitMillis());
        Member member = members.get(request.getMemberId());
        if (member == null && request.getMemberEpoch() != 0) {
            throw unknownMember();
        }
        if (member == null) {
            member = new Member();
            members.put(request.getMemberId(), member);
            log.add("join");
        }
        long beat = ++member.beat;
        if (request.hasMembership()) {
            member.topics = request.getMembership().getTopicsList();
            member.pattern = request.getMembership().getPattern();
        }
        if (request.getMemberEpoch() == member.epoch) {
            member.owned = parts(request.getOwnedList());
        }
        rebalance();
        long giveUp = System.nanoTime() + request.getMaxWaitMillis() * 1_000_000L;
        while (members.get(request.getMemberId()) == member
                && member.epoch == request.getMemberEpoch()
                && member.beat == beat
                && giveUp - System.nanoTime() > 1_000_000) {
            wait((giveUp - System.nanoTime()) / 1_000_000);
            rebalance();
        }
        if (members.get(request.getMemberId()) != member) {
            throw unknownMember();
        }
        return HeartbeatResponse.newBuilder()
                .setMemberEpoch(member.epoch)
                .addAllAssignment(member.given.stream()
                        .map(part -> TopicPartitions.newBuilder()
                                .setTopic(part.topic())
                                .setTopicId(part.topicId())
                                .addPartitions(part.partition())
                                .build())
                        .toList())
                .setHeartbeatIntervalMillis(SESSION_MILLIS / 3)
                .setSessionTimeoutMillis(SESSION_MILLIS)
                .setRebalanceTimeoutMillis(300_000)
                .build();
    }

    /** Sticky, and even. What one has and is not to have is free only when it says so. */
    private void rebalance() {
        List<Part> all = allParts();
        Map<String, Set<Part>> targets = new TreeMap<>();
        members.keySet().forEach(id -> targets.put(id, new HashSet<>()));
        for (Part part : all) {
            List<String> willing = members.entrySet().stream()
                    .filter(entry -> entry.getValue().wants(part))
                    .map(Map.Entry::getKey)
                    .toList();
            int quota = willing.isEmpty() ? 0 : (all.size() + willing.size() - 1) / willing.size();
            Optional<String> holder = willing.stream()
                    .filter(id -> at(id).given.contains(part) && of(targets, id).size() < quota)
                    .findFirst();
            holder.or(() -> willing.stream()
                            .min(Comparator.comparingInt(id -> of(targets, id).size())))
                    .ifPresent(id -> of(targets, id).add(part));
        }
        Map<String, Set<Part>> before = new TreeMap<>();
        members.forEach((id, member) -> before.put(id, Set.copyOf(member.given)));
        members.forEach((id, member) -> member.given.retainAll(of(targets, id)));
        targets.forEach((id, target) -> {
            for (Part part : target) {
                if (members.entrySet().stream()
                        .noneMatch(other ->
                                !other.getKey().equals(id) && other.getValue().has(part))) {
                    at(id).given.add(part);
                }
            }
        });
        members.forEach((id, member) -> {
            if (member.epoch == 0 || !member.given.equals(before.get(id))) {
                member.epoch = ++lastEpoch;
                notifyAll();
            }
        });
    }

    private static Set<Part> of(Map<String, Set<Part>> targets, String id) {
        return Objects.requireNonNull(targets.get(id));
    }

    private Member at(String id) {
        return Objects.requireNonNull(members.get(id));
    }

    private List<Part> allParts() {
        List<Part> all = new ArrayList<>();
        for (Topic topic : topics.get()) {
            for (int partition = 0; partition < topic.getPartitionsCount(); partition++) {
                all.add(new Part(topic.getId(), topic.getName(), partition));
            }
        }
        return all;
    }

    synchronized LeaveGroupResponse leave(LeaveGroupRequest request) {
        members.remove(request.getMemberId());
        log.add(request.getKeepPlace() ? "leave, to be back" : "leave");
        rebalance();
        notifyAll();
        return LeaveGroupResponse.getDefaultInstance();
    }

    /** As if nothing had been heard of them for a session. */
    synchronized void expireAll() {
        members.clear();
        notifyAll();
    }

    /** Topics may have come or gone. */
    synchronized void look() {
        rebalance();
        notifyAll();
    }

    /** So many of the next commits cannot be checked, because their partitions have no leader. */
    synchronized void loseLeaders(int commits) {
        withoutLeader = commits;
    }

    synchronized CommitOffsetsResponse commit(CommitOffsetsRequest request) {
        Member member = members.get(request.getMemberId());
        if (member == null && !request.getMemberId().isEmpty()) {
            throw unknownMember();
        }
        CommitOffsetsResponse.Builder response = CommitOffsetsResponse.newBuilder();
        for (PartitionCommit each : request.getOffsetsList()) {
            Part part = new Part(each.getTopicId(), each.getTopic(), each.getPartition());
            CommitResult.Builder result =
                    CommitResult.newBuilder().setTopic(each.getTopic()).setPartition(each.getPartition());
            if (withoutLeader > 0) {
                withoutLeader--;
                result.setError(Error.newBuilder()
                        .setStatusCode(Status.Code.UNAVAILABLE.value())
                        .setReason(ErrorReason.NO_LEADER)
                        .setRetryDelayMillis(1));
            } else if (member != null && !member.has(part)) {
                result.setError(Error.newBuilder()
                        .setStatusCode(Status.Code.FAILED_PRECONDITION.value())
                        .setReason(ErrorReason.PARTITION_NOT_OWNED));
            } else {
                result.setCommittedOffset(committed.merge(part, each.getOffset(), Math::max));
            }
            response.addResults(result);
        }
        return response.build();
    }

    FetchOffsetsResponse fetchOffsets(FetchOffsetsRequest request) {
        FetchOffsetsResponse answer = offsets(request);
        Optional<Held> hold = hold(request);
        hold.ifPresent(each -> each.released().join());
        return answer;
    }

    private synchronized Optional<Held> hold(FetchOffsetsRequest request) {
        if (!holds.test(request)) {
            return Optional.empty();
        }
        Held hold = new Held(request, new CompletableFuture<>());
        held.add(hold);
        return Optional.of(hold);
    }

    /** Answers to these are held back from now on, each until it is released. */
    synchronized void holdOffsets(Predicate<FetchOffsetsRequest> which) {
        holds = which;
    }

    synchronized List<Held> held() {
        return List.copyOf(held);
    }

    /** The longest that a heartbeat was to be held back. */
    synchronized int waitMillisMax() {
        return waitMillisMax;
    }

    private synchronized FetchOffsetsResponse offsets(FetchOffsetsRequest request) {
        if (!request.getMemberId().isEmpty() && !members.containsKey(request.getMemberId())) {
            throw unknownMember();
        }
        FetchOffsetsResponse.Builder response = FetchOffsetsResponse.newBuilder();
        committed.forEach((part, offset) -> {
            boolean asked = request.getPartitionsList().stream()
                    .anyMatch(topic -> topic.getTopic().equals(part.topic())
                            && topic.getPartitionsList().contains(part.partition()));
            if (asked) {
                response.addOffsets(CommittedOffset.newBuilder()
                        .setTopic(part.topic())
                        .setTopicId(part.topicId())
                        .setPartition(part.partition())
                        .setOffset(offset));
            }
        });
        return response.build();
    }

    /** Of all partitions that have been committed: {@code orders-0@7}. */
    synchronized Set<String> committed() {
        Set<String> all = new TreeSet<>();
        committed.forEach((part, offset) -> all.add(part.topic() + "-" + part.partition() + "@" + offset));
        return all;
    }

    synchronized int members() {
        return members.size();
    }

    synchronized List<String> log() {
        return List.copyOf(log);
    }

    private static Set<Part> parts(List<TopicPartitions> topics) {
        Set<Part> parts = new HashSet<>();
        for (TopicPartitions topic : topics) {
            topic.getPartitionsList()
                    .forEach(partition -> parts.add(new Part(topic.getTopicId(), topic.getTopic(), partition)));
        }
        return parts;
    }

    private static RuntimeException unknownMember() {
        return FakeCluster.error(Status.Code.FAILED_PRECONDITION, ErrorReason.UNKNOWN_MEMBER, null, Map.of());
    }
}
