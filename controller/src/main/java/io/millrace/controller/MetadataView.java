package io.millrace.controller;

import akka.actor.typed.ActorRef;
import io.millrace.controller.metadata.ClusterMetadata;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The cluster's metadata as this broker knows it. Written by its {@link MetadataReplica} alone, read by anyone from any
 * thread.
 */
public final class MetadataView {

    /**
     * @param caughtUp whether the replica has, at some time since it started, known everything that was committed then.
     *     Before, it may be arbitrarily old
     * @param failure why it will not change any more; empty as long as all is well
     */
    public record State(ClusterMetadata metadata, boolean caughtUp, Optional<String> failure) {}

    private final Set<ActorRef<State>> subscribers = new LinkedHashSet<>();
    private volatile State state = new State(ClusterMetadata.EMPTY, false, Optional.empty());

    /** Its parts belong together, which those of two calls need not. */
    public State state() {
        return state;
    }

    public ClusterMetadata current() {
        return state.metadata();
    }

    /** Whether the metadata has, since the broker started, been as new as the leader's; see {@link State#caughtUp}. */
    public boolean caughtUp() {
        return state.caughtUp();
    }

    public Optional<String> failure() {
        return state.failure();
    }

    /** It gets the present state and every later one, in order, until it unsubscribes, which it must do before it ends. */
    public synchronized void subscribe(ActorRef<State> subscriber) {
        subscribers.add(subscriber);
        subscriber.tell(state);
    }

    public synchronized void unsubscribe(ActorRef<State> subscriber) {
        subscribers.remove(subscriber);
    }

    /** Under the lock of {@link #subscribe}: else a new subscriber might get the present state after a later one. */
    synchronized void publish(State next) {
        if (!next.equals(state)) {
            state = next;
            subscribers.forEach(subscriber -> subscriber.tell(next));
        }
    }
}
