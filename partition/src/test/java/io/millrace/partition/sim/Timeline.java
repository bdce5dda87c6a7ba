package io.millrace.partition.sim;

import java.util.PriorityQueue;

/** Virtual time: what is to happen, in the order of time and, at one moment, of being scheduled. */
final class Timeline {
    private record Event(long micros, long sequence, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(micros, other.micros);
            return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long sequence;
    private long nowMicros;
    private long happened;

    long nowMicros() {
        return nowMicros;
    }

    long nowMillis() {
        return nowMicros / 1_000;
    }

    /** How much has happened so far. */
    long happened() {
        return happened;
    }

    void after(long micros, Runnable action) {
        at(nowMicros + micros, action);
    }

    void at(long micros, Runnable action) {
        events.add(new Event(Math.max(nowMicros, micros), sequence++, action));
    }

    /** Lets the next thing happen; there always is one, because nodes and clients never end. */
    void next() {
        Event event = events.remove();
        nowMicros = event.micros();
        happened++;
        event.action().run();
    }
}
