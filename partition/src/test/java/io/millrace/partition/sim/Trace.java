package io.millrace.partition.sim;

import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Role;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The last events, for people, and a hash over all, to tell whether two runs are the same. Lines are made only when asked
 * for.
 */
final class Trace {
    private static final int LINES = 60;

    /** How a member stood after an event. */
    record Standing(Role role, long term, long lastIndex, long durableIndex, long commitIndex) {
        @Override
        public String toString() {
            return role.name().toLowerCase(Locale.ROOT) + " term " + term + " log " + lastIndex + " disk "
                    + durableIndex + " commit " + commitIndex;
        }
    }

    private record Line(long micros, @Nullable NodeId node, Object what, @Nullable Standing standing) {}

    private final Timeline timeline;
    private final @Nullable Line[] lines = new Line[LINES];
    private int count;
    private long hash;

    Trace(Timeline timeline) {
        this.timeline = timeline;
    }

    /** Something happened at a member, which now stands like this. */
    void at(NodeId node, Object what, Standing standing) {
        add(new Line(timeline.nowMicros(), node, what, standing));
        mix(standing.role().name().hashCode() + ((long) node.value() << 32));
        mix(standing.term());
        mix(standing.lastIndex() + (standing.durableIndex() << 20) + (standing.commitIndex() << 40));
    }

    /** Something happened to the world. */
    void world(Object what) {
        add(new Line(timeline.nowMicros(), null, what, null));
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

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = Math.max(0, count - LINES); i < count; i++) {
            Line line = lines[i % LINES];
            if (line != null) {
                text.append(String.format(
                        Locale.ROOT,
                        "%12.3f ms  %-2s %s%s%n",
                        line.micros() / 1_000.0,
                        line.node() == null ? "" : line.node(),
                        describe(line.what()),
                        line.standing() == null ? "" : "   | " + line.standing()));
            }
        }
        return text.toString();
    }

    static String describe(Object what) {
        if (what instanceof Input.Received received) {
            return describe(received.message());
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
        } else if (message instanceof Message.Quiesce quiesce) {
            return " at " + describe(quiesce.last());
        } else if (message instanceof Message.AppendAccepted accepted) {
            return " up to " + accepted.matchIndex();
        } else if (message instanceof Message.AppendRejected rejected) {
            return " at " + rejected.previousIndex() + " hint " + describe(rejected.hint());
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
