package io.millrace.broker.membership;

import akka.actor.ActorSystem;
import akka.discovery.ServiceDiscovery.ResolvedTarget;
import akka.management.cluster.bootstrap.ClusterBootstrapSettings;
import akka.management.cluster.bootstrap.JoinDecision;
import akka.management.cluster.bootstrap.LowestAddressJoinDecider;
import akka.management.cluster.bootstrap.SeedNodesInformation;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.concurrent.Future;

/**
 * Founds a cluster only together with a majority of the seeds, so that a broker that sees too little of the others – it was
 * killed and is back on a busy machine, or cut off – never makes a second cluster beside the first one.
 *
 * <p>Any seed that is in a cluster: join it. Otherwise, if a majority of the seeds answers, the lowest of those that do founds
 * one; at once if all seeds answer, and only after {@link #WITHOUT_ALL} if some do not, since they may be about to. Two
 * brokers could each be the lowest of different majorities only if one of them does not see the other for all that time, while
 * the other sees it: see decision 007.
 *
 * <p>Akka makes it, by the name in {@code reference.conf}.
 */
public final class FoundingDecider extends LowestAddressJoinDecider {
    /** How long a majority waits for the others. */
    static final Duration WITHOUT_ALL = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(FoundingDecider.class);

    private final int needed;
    private final AtomicReference<String> said = new AtomicReference<>("");

    public FoundingDecider(ActorSystem system, ClusterBootstrapSettings settings) {
        super(system, settings);
        this.needed = settings.contactPointDiscovery().requiredContactPointsNr();
    }

    @Override
    public Future<JoinDecision> decide(SeedNodesInformation info) {
        if (!info.hasSeedNodes()) {
            say(info);
        }
        return super.decide(info);
    }

    @Override
    public boolean isPastStableMargin(SeedNodesInformation info) {
        int seeds = info.getContactPoints().size();
        int answering = info.getSeedNodesObservations().size();
        if (seeds == 1) {
            return true; // nobody else to wait for
        }
        return answering == seeds
                ? super.isPastStableMargin(info)
                : Duration.between(info.contactPointsChangedAt(), info.currentTime())
                                .compareTo(WITHOUT_ALL)
                        >= 0;
    }

    /** The list of seeds may name this broker by another of its names. */
    @Override
    public boolean hostMatches(String host, ResolvedTarget target) {
        return super.hostMatches(host, target) || isSameAddress(host, target.host());
    }

    private static boolean isSameAddress(String one, String other) {
        try {
            return InetAddress.getByName(one).equals(InetAddress.getByName(other));
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** One line a change: an operator must see what a start waits for. */
    private void say(SeedNodesInformation info) {
        Set<String> silent = new TreeSet<>();
        Set<ResolvedTarget> answering = new HashSet<>();
        info.getSeedNodesObservations().forEach(observation -> answering.add(observation.contactPoint()));
        for (ResolvedTarget seed : info.getContactPoints()) {
            if (!answering.contains(seed)) {
                silent.add(contactPointString(seed));
            }
        }
        String waiting = String.join(", ", silent);
        if (!said.getAndSet(waiting).equals(waiting) && !waiting.isEmpty()) {
            LOG.info(
                    "No cluster found yet; {} of {} seeds answer, founding one takes {}; no answer from {}",
                    answering.size(),
                    info.getContactPoints().size(),
                    needed,
                    waiting);
        }
    }
}
