package io.millrace.partition.replica;

import akka.actor.ActorRef;
import akka.actor.ActorSystem;
import akka.actor.Address;
import akka.cluster.Cluster;
import akka.cluster.Member;
import akka.cluster.MemberStatus;
import akka.cluster.sharding.ShardCoordinator;
import akka.dispatch.Futures;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import scala.collection.immutable.IndexedSeq;
import scala.concurrent.Future;

/**
 * One shard a broker, and only there: shard {@code 2} lives on the member with role {@code broker-2}, because that is where
 * its replicas have their disks. Nothing is ever rebalanced.
 *
 * <p>For an absent broker it names an actor that is no shard region ({@code deadLetters}): the coordinator then allocates
 * nothing and says so at DEBUG only, while a failed future would log an error each time.
 */
public final class PinnedShardAllocation extends ShardCoordinator.AbstractShardAllocationStrategy {
    private final ActorSystem system;
    private final Cluster cluster;

    public PinnedShardAllocation(ActorSystem system) {
        this.system = system;
        this.cluster = Cluster.get(system);
    }

    @Override
    public Future<ActorRef> allocateShard(
            ActorRef requester, String shardId, Map<ActorRef, IndexedSeq<String>> currentShardAllocations) {
        return Futures.successful(ownerOf(shardId)
                .flatMap(owner -> currentShardAllocations.keySet().stream()
                        .filter(region -> addressOf(region).equals(owner))
                        .findFirst())
                .orElse(system.deadLetters()));
    }

    /** Only a shard that sits on the wrong node moves, as it may after two nodes claimed one broker id. */
    @Override
    public Future<Set<String>> rebalance(
            Map<ActorRef, IndexedSeq<String>> currentShardAllocations, Set<String> rebalanceInProgress) {
        Set<String> misplaced = new HashSet<>();
        currentShardAllocations.forEach((region, shards) -> {
            for (int i = 0; i < shards.size(); i++) {
                String shard = shards.apply(i);
                boolean elsewhere = ownerOf(shard)
                        .map(owner -> !owner.equals(addressOf(region)))
                        .orElse(false);
                if (elsewhere && !rebalanceInProgress.contains(shard)) {
                    misplaced.add(shard);
                }
            }
        });
        return Futures.successful(misplaced);
    }

    /** Of two that claim an id, the one that came first: the other one will be refused. */
    private Optional<Address> ownerOf(String shardId) {
        String role = BrokerRole.of(Integer.parseInt(shardId));
        Optional<Member> owner = Optional.empty();
        for (Member member : cluster.state().getMembers()) {
            boolean up =
                    member.status().equals(MemberStatus.up()) || member.status().equals(MemberStatus.weaklyUp());
            if (up
                    && member.hasRole(role)
                    && owner.filter(first -> first.isOlderThan(member)).isEmpty()) {
                owner = Optional.of(member);
            }
        }
        return owner.map(Member::address);
    }

    private Address addressOf(ActorRef region) {
        Address address = region.path().address();
        return address.hasLocalScope() ? cluster.selfAddress() : address;
    }
}
