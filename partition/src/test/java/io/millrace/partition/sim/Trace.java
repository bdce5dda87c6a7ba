package io.millrace.partition.sim;

import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The last events, for people, and a hash over all, to tell whether two runs are the same. Lines are made only when asked
 * for.
 */
final class Trace {
    private static final int LINES = 80;

    /** How a member stood after an event. */
    record Standing(Role role, long term, long lastIndex, long durableIndex, long commitIndex) {
        @Override
        public String toString() {
            return role.name().toLowerCase(Locale.ROOT) + " term " + term + " log " + lastIndex + " disk "
                    + durableIndex + " commit " + commitIndex;
        }
    }

    /** How a member is, as its column shows it. */
    enum Lane {
        UP,
        PAUSED,
        DOWN
    }

    /** A message that will not arrive. */
    record Lost(Message message) {}

    /** @param lanes of all members at that moment */
    record Line(
            long micros,
            @Nullable NodeId node,
            char mark,
            Object what,
            @Nullable Standing standing,
            Map<NodeId, Lane> lanes) {}

    private static final char HAPPENS = '●';
    static final char STARTS = '▲';
    static final char ENDS = '✗';
    static final char BEFALLS = '■';

    private final Timeline timeline;
    private final @Nullable Line[] lines = new Line[LINES];
    private int count;
    private long hash;
    /** Replaced when something changes, so that lines can share it. */
    private Map<NodeId, Lane> lanes = Map.of();

    Trace(Timeline timeline) {
        this.timeline = timeline;
    }

    /** A member stepped, and now stands like this. */
    void at(NodeId node, Object what, Standing standing) {
        at(node, HAPPENS, what, standing);
    }

    void at(NodeId node, char mark, Object what, Standing standing) {
        add(new Line(timeline.nowMicros(), node, mark, what, standing, lanes));
        mix(standing.role().name().hashCode() + ((long) node.value() << 32));
        mix(standing.term());
        mix(standing.lastIndex() + (standing.durableIndex() << 20) + (standing.commitIndex() << 40));
    }

    /** Something befell a member, which may be down. */
    void befell(NodeId node, Object what) {
        add(new Line(timeline.nowMicros(), node, BEFALLS, what, null, lanes));
    }

    void lost(Message message) {
        world(new Lost(message));
    }

    /** Something happened to the world. */
    void world(Object what) {
        add(new Line(timeline.nowMicros(), null, ' ', what, null, lanes));
    }

    /** From now on a member is like this. */
    void lane(NodeId node, Lane lane) {
        Map<NodeId, Lane> changed = new TreeMap<>(lanes);
        changed.put(node, lane);
        lanes = changed;
    }

    private void add(Line line) {
        lines[count++ % LINES] = line;
        mix(line.micros());
    }

    private void mix(long value) {
        hash = Hashing.mix(hash, value);
    }

    int count() {
        return count;
    }

    long hash() {
        return hash;
    }

    /** The last of them as a {@link SequenceChart}. */
    @Override
    public String toString() {
        List<Line> last = new ArrayList<>();
        for (int i = Math.max(0, count - LINES); i < count; i++) {
            Line line = lines[i % LINES];
            if (line != null) {
                last.add(line);
            }
        }
        return SequenceChart.of(last);
    }

    static String describe(Object what) {
        if (what instanceof Input.Received received) {
            return describe(received.message());
        } else if (what instanceof Lost lost) {
            return describe(lost.message()) + " is lost";
        } else if (what instanceof Input.Sent sent) {
            return sent.lastIndex() < sent.firstIndex()
                    ? "nothing to send to " + sent.to()
                    : "sent " + sent.firstIndex() + " to " + sent.lastIndex() + " to " + sent.to();
        } else if (what instanceof Message message) {
            return message.from() + "→" + message.to() + " "
                    + message.getClass().getSimpleName() + " term " + message.term() + details(message);
        } else if (what instanceof Input.Durable durable) {
            return "durable up to " + describe(durable.position()) + " (epoch " + durable.logEpoch() + ")";
        } else if (what instanceof Input.Propose propose) {
            return "propose " + propose.payloads().size();
        } else if (what instanceof Input.TimePassed) {
            return "time passed";
        }
        return what.toString();
    }

    private static String describe(LogPosition position) {
        return position.index() + "@" + position.term();
    }

    private static String details(Message message) {
        if (message instanceof Message.AppendRequest append) {
            return " after " + describe(append.previous()) + " +"
                    + append.entries().size() + " commit " + append.commitIndex();
        } else if (message instanceof Message.LeadershipProbe probe) {
            return " round " + probe.round();
        } else if (message instanceof Message.LeadershipConfirmed confirmed) {
            return " round " + confirmed.round();
        } else if (message instanceof Message.Quiesce quiesce) {
            return " at " + describe(quiesce.last());
        } else if (message instanceof Message.AppendAccepted accepted) {
            return " up to " + accepted.matchIndex();
        } else if (message instanceof Message.AppendRejected rejected) {
            return " at " + rejected.previousIndex() + " hint " + describe(rejected.hint());
        } else if (message instanceof Message.InstallSnapshot install) {
            return " " + describe(install.snapshot().position()) + " bytes from " + install.offset() + " +"
                    + install.piece().sizeBytes() + " of " + install.snapshot().sizeBytes();
        } else if (message instanceof Message.SnapshotReceived received) {
            return " " + describe(received.snapshot().position()) + " has " + received.bytes();
        } else if (message instanceof Message.VoteRequest request) {
            return " log " + describe(request.lastPosition());
        } else if (message instanceof Message.PreVoteRequest request) {
            return " log " + describe(request.lastPosition());
        } else if (message instanceof Message.VoteResponse response) {
            return response.granted() ? " granted" : " refused";
        } else if (message instanceof Message.PreVoteResponse response) {
            return response.granted() ? " granted" : " refused";
        }
        return "";
    }
}
