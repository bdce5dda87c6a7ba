package io.millrace.broker.group.assign;

import io.millrace.broker.routing.PartitionKey;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The assignors that a broker has, by name. */
public final class Assignors {
    private static final Logger LOG = LoggerFactory.getLogger(Assignors.class);

    public static final String STICKY = "sticky";
    public static final String RANGE = "range";
    public static final String ROUND_ROBIN = "round-robin";
    public static final String RACK_AWARE = "rack-aware";

    private final SortedMap<String, Assignor> byName = new TreeMap<>();

    private Assignors(Iterable<Assignor> added) {
        List.of(
                        new StickyAssignor(STICKY, false),
                        new RangeAssignor(),
                        new RoundRobinAssignor(),
                        new StickyAssignor(RACK_AWARE, true))
                .forEach(assignor -> byName.put(assignor.name(), assignor));
        added.forEach(assignor -> byName.putIfAbsent(assignor.name(), assignor));
    }

    /** Ours alone. */
    public static Assignors builtIn() {
        return new Assignors(List.of());
    }

    public static Assignors with(Collection<Assignor> added) {
        return new Assignors(added);
    }

    /** And those that are on the class path. None takes the name of one of ours. */
    public static Assignors found() {
        return new Assignors(ServiceLoader.load(Assignor.class));
    }

    public Set<String> names() {
        return Collections.unmodifiableSet(byName.keySet());
    }

    /** What each member should have. One that is not there, fails, or answers what cannot be, is replaced by the sticky one. */
    public Map<String, SortedSet<PartitionKey>> assign(String name, Sharing sharing) {
        return Optional.ofNullable(byName.get(name))
                .flatMap(assignor -> tried(assignor, sharing))
                .or(() -> tried(new StickyAssignor(STICKY, false), sharing))
                .orElseThrow();
    }

    private static Optional<Map<String, SortedSet<PartitionKey>>> tried(Assignor assignor, Sharing sharing) {
        try {
            Map<String, Set<PartitionKey>> shares = assignor.assign(sharing);
            if (isPossible(shares, sharing)) {
                return Optional.of(complete(shares, sharing));
            }
            LOG.error(
                    "Assignor {} gives some partition to nobody, to two, or to one that does not read it",
                    assignor.name());
        } catch (RuntimeException e) {
            LOG.error("Assignor {} failed", assignor.name(), e);
        }
        return Optional.empty();
    }

    private static boolean isPossible(Map<String, Set<PartitionKey>> shares, Sharing sharing) {
        Set<PartitionKey> given = new HashSet<>();
        for (Sharing.Member member : sharing.members()) {
            for (PartitionKey partition : shares.getOrDefault(member.id(), Set.of())) {
                if (!sharing.partitions().containsKey(partition) || !member.reads(partition) || !given.add(partition)) {
                    return false;
                }
            }
        }
        Map<Long, List<Sharing.Member>> readers = sharing.readers();
        return sharing.partitions().keySet().stream()
                .allMatch(partition -> given.contains(partition) || !readers.containsKey(partition.topicId()));
    }

    private static Map<String, SortedSet<PartitionKey>> complete(
            Map<String, Set<PartitionKey>> shares, Sharing sharing) {
        Map<String, SortedSet<PartitionKey>> complete = new TreeMap<>();
        for (Sharing.Member member : sharing.members()) {
            complete.put(member.id(), new TreeSet<>(shares.getOrDefault(member.id(), Set.of())));
        }
        return complete;
    }
}
