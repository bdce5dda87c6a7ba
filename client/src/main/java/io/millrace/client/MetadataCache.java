package io.millrace.client;

import io.millrace.client.ClusterView.TopicView;
import io.millrace.protocol.record.CompressionTypes;
import io.millrace.protocol.v1.GetMetadataResponse;
import io.millrace.protocol.v1.Topic;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Which broker leads which partition, as far as the client has heard: from its own questions, of which at most one a topic is
 * under way, and from the hints in failures. Asked again after a failure, and when it has grown old, since a broker that is
 * not the leader answers as well and so nobody would notice.
 */
final class MetadataCache {
    private final List<HostPort> bootstrap;
    private final Duration maxAge;
    private final Timers timers;
    private final Function<String, CompletableFuture<GetMetadataResponse>> source;
    private final ConcurrentMap<String, CompletableFuture<TopicView>> underWay = new ConcurrentHashMap<>();
    private volatile ClusterView view = ClusterView.EMPTY;

    /**
     * Empty.
     *
     * @param bootstrap whom to ask first, and when no broker that was heard of answers
     * @param maxAge after which a topic that is in use is asked for again
     * @param source asks any broker about one topic
     */
    MetadataCache(
            List<HostPort> bootstrap,
            Duration maxAge,
            Timers timers,
            Function<String, CompletableFuture<GetMetadataResponse>> source) {
        this.bootstrap = bootstrap;
        this.maxAge = maxAge;
        this.timers = timers;
        this.source = source;
    }

    /** The topic, at once if it is known; fails with UNKNOWN_TOPIC, or if nobody answers in time. */
    CompletableFuture<TopicView> topic(String name) {
        TopicView known = view.topics().get(name);
        if (known == null) {
            return refresh(name);
        }
        if (timers.nanoTime() - known.learnedAtNanos() > maxAge.toNanos()) {
            refreshInBackground(name);
        }
        return CompletableFuture.completedFuture(known);
    }

    /** What batches of the topic may be compressed with, as far as that is known. */
    CompressionTypes compressionOf(String topic) {
        TopicView known = view.topics().get(topic);
        return known == null ? CompressionTypes.ANY : known.compression();
    }

    Optional<HostPort> leaderAddress(String topic, int partition) {
        return view.leaderAddress(topic, partition);
    }

    /** Where the partition has replicas that do not lead, as far as is known. */
    List<HostPort> followerAddresses(String topic, int partition) {
        return view.followerAddresses(topic, partition);
    }

    /** Where the partition has replicas in this rack, as far as is known. */
    List<HostPort> replicaAddressesIn(String rack, String topic, int partition) {
        return view.replicaAddressesIn(rack, topic, partition);
    }

    /** Every address that may answer: the brokers', then those given at the start; each once, never empty. */
    List<HostPort> addresses() {
        Set<HostPort> addresses = new LinkedHashSet<>(view.brokers().values());
        addresses.addAll(bootstrap);
        return List.copyOf(addresses);
    }

    /** Learns from a failure, and asks again where that alone is not enough. */
    void partitionFailed(String topic, int partition, HostPort asked, MillraceException failure) {
        Optional<Hint> hint = Hint.in(failure);
        if (hint.isPresent()) {
            Hint leader = hint.get();
            update(v ->
                    v.withBroker(leader.brokerId(), leader.address()).withLeader(topic, partition, leader.brokerId()));
        } else {
            update(v -> v.leaderAddress(topic, partition).filter(asked::equals).isPresent()
                    ? v.withLeader(topic, partition, null)
                    : v);
        }
        refreshInBackground(topic);
    }

    void learn(GetMetadataResponse answer) {
        long now = timers.nanoTime();
        update(v -> v.updated(answer, now));
    }

    void learn(Topic topic) {
        long now = timers.nanoTime();
        update(v -> v.withTopic(topic, now));
    }

    void forget(String topic) {
        update(v -> v.withoutTopic(topic));
    }

    private CompletableFuture<TopicView> refresh(String name) {
        CompletableFuture<TopicView> mine = new CompletableFuture<>();
        CompletableFuture<TopicView> first = underWay.putIfAbsent(name, mine);
        if (first != null) {
            return first;
        }
        Futures.then(
                source.apply(name),
                answer -> {
                    underWay.remove(name);
                    learn(answer);
                    TopicView topic = view.topics().get(name);
                    if (topic == null) {
                        mine.completeExceptionally(unknownTopic(name));
                    } else {
                        mine.complete(topic);
                    }
                },
                failure -> {
                    underWay.remove(name);
                    if (failure.reason() == FailureReason.UNKNOWN_TOPIC) {
                        forget(name);
                    }
                    mine.completeExceptionally(failure);
                });
        return mine;
    }

    private static MillraceException unknownTopic(String name) {
        return new MillraceException(
                FailureReason.UNKNOWN_TOPIC, "there is no topic '" + name + "'", Map.of("topic", name));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // Whoever needs the answer asks for it, and sees the failure.
    private void refreshInBackground(String name) {
        refresh(name);
    }

    private synchronized void update(UnaryOperator<ClusterView> change) {
        view = change.apply(view);
    }

    /** The leader that a broker names when it is not the leader itself. */
    record Hint(int brokerId, HostPort address) {
        static Optional<Hint> in(MillraceException failure) {
            String id = failure.metadata().get("leader");
            String address = failure.metadata().get("leader_address");
            if (failure.reason() != FailureReason.NO_LEADER || id == null || address == null) {
                return Optional.empty();
            }
            try {
                return Optional.of(new Hint(Integer.parseInt(id), HostPort.parse(address)));
            } catch (IllegalArgumentException e) {
                // No hint that could be followed: as if there were none.
                return Optional.empty();
            }
        }
    }
}
