package io.millrace.partition.replica;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Lets only so many groups of one broker elect at a time; the others wait in the order in which they asked. Thread-safe.
 *
 * <p>An election costs each member a write to its journal, and its winner and they one to their logs. When a broker with
 * thousands of partitions dies, or they are created, all of them elect at once: then the writes queue up until no vote arrives
 * before its candidate has waited long enough, begins again, and adds to the queue. It would never end.
 */
public final class Campaigns {
    /** More would not be faster: a disk takes them one after the other. */
    private static final int AT_A_TIME = 32;

    /** One replica's. */
    final class Turn {
        private final Runnable granted;

        private Turn(Runnable granted) {
            this.granted = granted;
        }

        /** Whether it has its turn now; else it is told when that has come. If it had it already, it waits behind the others. */
        boolean ask() {
            end();
            synchronized (Campaigns.this) {
                if (having.size() < max) {
                    having.add(this);
                    return true;
                }
                waiting.add(this);
                return false;
            }
        }

        /** Is over with it, or does not want it any more. May be said at any time. */
        void end() {
            Turn next = null;
            synchronized (Campaigns.this) {
                waiting.remove(this);
                if (having.remove(this) && !waiting.isEmpty()) {
                    next = waiting.iterator().next();
                    waiting.remove(next);
                    having.add(next);
                }
            }
            if (next != null) {
                next.granted.run();
            }
        }
    }

    private final int max;
    private final Set<Turn> waiting = new LinkedHashSet<>();
    private final Set<Turn> having = new LinkedHashSet<>();

    public Campaigns() {
        this(AT_A_TIME);
    }

    Campaigns(int max) {
        this.max = max;
    }

    /** @param granted is run on any thread when the turn has come that was waited for */
    Turn newTurn(Runnable granted) {
        return new Turn(granted);
    }
}
