package io.millrace.broker.group.assign;

import io.millrace.broker.routing.PartitionKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * As even as possible, and with as few partitions moved as that takes: members keep what they have; what nobody has goes to those
 * with the least; then those with the most give to those with the least, until no such step would make it more even. If all
 * members read the same topics, nobody has more than one partition more than another, and no assignment as even moves fewer.
 *
 * <p>With {@code near}, racks count next after evenness: a partition moves once more if it gets near by that, and none gets far.
 */
final class StickyAssignor implements Assignor {
    private final String name;
    private final boolean near;

    StickyAssignor(String name, boolean near) {
        this.name = name;
        this.near = near;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Map<String, Set<PartitionKey>> assign(Sharing sharing) {
        Work work = new Work(sharing);
        work.keep();
        work.handOut();
        // Ends: each step makes the sum of the squares of what members have smaller, or leaves it and brings one more
        // near.
        do {
            work.evenOut();
        } while (near && work.bringNear());
        return work.shares.result();
    }

    private final class Work {
        final Sharing sharing;
        final Map<Long, List<Sharing.Member>> readers;
        final Shares shares;
        /** Handed out just now: to move one of these once more costs nothing. */
        final Set<PartitionKey> fresh = new HashSet<>();

        Work(Sharing sharing) {
            this.sharing = sharing;
            this.readers = sharing.readers();
            this.shares = new Shares(sharing);
        }

        void keep() {
            for (Sharing.Member member : sharing.members()) {
                member.current().stream().sorted().forEach(partition -> {
                    if (sharing.partitions().containsKey(partition)
                            && member.reads(partition)
                            && !shares.isGiven(partition)) {
                        shares.give(partition, member);
                    }
                });
            }
        }

        /** First what fewest can take. */
        void handOut() {
            List<PartitionKey> free = new ArrayList<>();
            for (PartitionKey partition : sharing.partitions().keySet()) {
                if (!shares.isGiven(partition)) {
                    free.add(partition);
                }
            }
            free.sort(Comparator.<PartitionKey>comparingInt(
                            partition -> readersOf(partition).size())
                    .thenComparing(Comparator.naturalOrder()));
            for (PartitionKey partition : free) {
                leastLoaded(partition).ifPresent(member -> {
                    shares.give(partition, member);
                    fresh.add(partition);
                });
            }
        }

        void evenOut() {
            while (oneStepMoreEven()) {}
        }

        private boolean oneStepMoreEven() {
            List<Sharing.Member> mostFirst = new ArrayList<>(sharing.members());
            mostFirst.sort(Comparator.comparingInt(shares::count).reversed());
            for (Sharing.Member giver : mostFirst) {
                Optional<Gift> gift = giftOf(giver);
                if (gift.isPresent()) {
                    shares.give(gift.get().partition(), gift.get().to());
                    return true;
                }
            }
            return false;
        }

        private record Gift(PartitionKey partition, Sharing.Member to, int count, boolean fresh, boolean gain) {}

        private Optional<Gift> giftOf(Sharing.Member giver) {
            @Nullable Gift best = null;
            long topic = -1;
            Sharing.@Nullable Member to = null;
            for (PartitionKey partition : shares.of(giver)) {
                if (partition.topicId() != topic || near) {
                    topic = partition.topicId();
                    to = leastLoaded(partition).orElse(null);
                }
                if (to != null && shares.count(to) <= shares.count(giver) - 2) {
                    Gift gift = new Gift(
                            partition,
                            to,
                            shares.count(to),
                            fresh.contains(partition),
                            sharing.isNear(partition, to) && !sharing.isNear(partition, giver));
                    best = best == null || isBetter(gift, best) ? gift : best;
                }
            }
            return Optional.ofNullable(best);
        }

        private boolean isBetter(Gift gift, Gift than) {
            if (gift.count() != than.count()) {
                return gift.count() < than.count();
            } else if (near && gift.gain() != than.gain()) {
                return gift.gain();
            }
            return gift.fresh() && !than.fresh();
        }

        /** Whether there was something to do. */
        boolean bringNear() {
            boolean changed = false;
            for (PartitionKey partition : sharing.partitions().keySet()) {
                changed |= bringNear(partition);
            }
            return changed;
        }

        private boolean bringNear(PartitionKey far) {
            Optional<Sharing.Member> found = shares.ownerOf(far);
            if (found.isEmpty() || sharing.isNear(far, found.get())) {
                return false;
            }
            Sharing.Member owner = found.get();
            for (Sharing.Member candidate : readersOf(far)) {
                if (!sharing.isNear(far, candidate)) {
                    continue;
                }
                if (shares.count(candidate) < shares.count(owner)) {
                    shares.give(far, candidate);
                    return true;
                }
                for (PartitionKey inReturn : shares.of(candidate)) {
                    if (owner.reads(inReturn)
                            && (sharing.isNear(inReturn, owner) || !sharing.isNear(inReturn, candidate))) {
                        shares.give(far, candidate);
                        shares.give(inReturn, owner);
                        return true;
                    }
                }
            }
            return false;
        }

        private Optional<Sharing.Member> leastLoaded(PartitionKey partition) {
            return readersOf(partition).stream()
                    .min(Comparator.<Sharing.Member>comparingInt(shares::count)
                            .thenComparing(member -> near && !sharing.isNear(partition, member)));
        }

        private List<Sharing.Member> readersOf(PartitionKey partition) {
            return readers.getOrDefault(partition.topicId(), List.of());
        }
    }
}
