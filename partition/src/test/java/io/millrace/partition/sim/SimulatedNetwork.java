package io.millrace.partition.sim;

import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Carries messages late, twice, out of order or not at all. What is on its way when a link is cut still arrives. */
final class SimulatedNetwork {
    private record Link(NodeId from, NodeId to) {}

    private final Timeline timeline;
    private final Trace trace;
    private final SplittableRandom random;
    private final Consumer<Message> receiver;
    private final Set<Link> cut = new HashSet<>();
    private final Map<Link, Long> lastArrivalMicros = new HashMap<>();
    private final FaultCounts counts;
    private Faults.Network faults;

    SimulatedNetwork(
            Timeline timeline,
            Trace trace,
            FaultCounts counts,
            SplittableRandom random,
            Faults.Network faults,
            Consumer<Message> receiver) {
        this.timeline = timeline;
        this.trace = trace;
        this.counts = counts;
        this.random = random;
        this.faults = faults;
        this.receiver = receiver;
    }

    void cut(NodeId from, NodeId to) {
        cut.add(new Link(from, to));
    }

    boolean isCut(NodeId from, NodeId to) {
        return cut.contains(new Link(from, to));
    }

    /** All links work again, as well as these faults let them. */
    void heal(Faults.Network from) {
        cut.clear();
        faults = from;
    }

    void send(Message message) {
        Link link = new Link(message.from(), message.to());
        boolean isCut = cut.contains(link);
        if (isCut || random.nextDouble() < faults.loss()) {
            counts.count(isCut ? Fault.CUT_OFF : Fault.LOST);
            trace.lost(message);
            return;
        }
        carry(link, message);
        if (random.nextDouble() < faults.duplication()) {
            counts.count(Fault.DUPLICATED);
            carry(link, message);
        }
    }

    private void carry(Link link, Message message) {
        boolean delayed = random.nextDouble() < faults.longDelay();
        long delayMicrosMax = delayed ? faults.longDelayMicros() : faults.delayMicros();
        long arrivalMicros = timeline.nowMicros() + 50 + random.nextLong(delayMicrosMax);
        long last = lastArrivalMicros.getOrDefault(link, 0L);
        if (delayed) {
            counts.count(Fault.DELAYED);
        }
        if (arrivalMicros < last && faults.inOrder()) {
            arrivalMicros = last;
        } else if (arrivalMicros < last) {
            counts.count(Fault.OVERTAKEN);
        }
        lastArrivalMicros.put(link, Math.max(last, arrivalMicros));
        timeline.at(arrivalMicros, () -> receiver.accept(message));
    }
}
