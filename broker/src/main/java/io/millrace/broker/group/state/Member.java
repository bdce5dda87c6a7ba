package io.millrace.broker.group.state;

import io.millrace.broker.routing.PartitionKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A member as the coordinator has it.
 *
 * <pre>
 *            granted, when nobody else has it            not in the target any more
 *   target ───────────────────────────────────▶ owned ─────────────────────────────▶ revoking ──▶ free
 *                                                                     the member does not list it any more, or its time is over
 * </pre>
 *
 * @param epoch of the group when {@code owned} was changed last
 * @param target what it is to have in the end
 * @param owned what it may act on, and since which epoch
 * @param revoking what it has to let go of, and had since which epoch; until then nobody else gets it
 * @param away it has left and will be back: it keeps its target, and owns nothing
 */
public record Member(
        Membership membership,
        long epoch,
        SortedSet<PartitionKey> target,
        List<Held> owned,
        List<Held> revoking,
        boolean away) {
    /** @param since the epoch in which the member got it */
    public record Held(PartitionKey partition, long since) {}

    public Member {
        target = Collections.unmodifiableSortedSet(new TreeSet<>(target));
        owned = List.copyOf(owned);
        revoking = List.copyOf(revoking);
    }

    static Member joining(Membership membership, long epoch) {
        return new Member(membership, epoch, Collections.emptySortedSet(), List.of(), List.of(), false);
    }

    Member with(Membership changed) {
        return new Member(changed, epoch, target, owned, revoking, away);
    }

    Member withTarget(SortedSet<PartitionKey> changed) {
        return new Member(membership, epoch, changed, owned, revoking, away);
    }

    Member whoLeft() {
        return new Member(membership, epoch, target, List.of(), List.of(), true);
    }

    /** The same with what it owns in a new epoch. */
    Member withOwned(SortedMap<PartitionKey, Long> changed, SortedMap<PartitionKey, Long> toRevoke, long newEpoch) {
        return new Member(membership, newEpoch, target, listed(changed), listed(toRevoke), away);
    }

    Member withRevoking(SortedMap<PartitionKey, Long> left) {
        return new Member(membership, epoch, target, owned, listed(left), away);
    }

    public SortedMap<PartitionKey, Long> ownedSince() {
        return mapped(owned);
    }

    public SortedMap<PartitionKey, Long> revokingSince() {
        return mapped(revoking);
    }

    private static SortedMap<PartitionKey, Long> mapped(List<Held> held) {
        SortedMap<PartitionKey, Long> map = new TreeMap<>();
        held.forEach(one -> map.put(one.partition(), one.since()));
        return map;
    }

    private static List<Held> listed(SortedMap<PartitionKey, Long> held) {
        List<Held> list = new ArrayList<>();
        held.forEach((partition, since) -> list.add(new Held(partition, since)));
        return list;
    }
}
