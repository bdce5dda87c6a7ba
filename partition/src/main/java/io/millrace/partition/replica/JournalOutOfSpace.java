package io.millrace.partition.replica;

import akka.actor.typed.ActorSystem;

/**
 * Published to the event stream when the journal could not be written because there was no room on the disk. Whether it keeps
 * what is written to it afterwards is not known: it must be closed and opened again first, and with it the whole broker.
 *
 * @param problem for people
 */
public record JournalOutOfSpace(String problem) {
    /** Says so if that is why a {@link RaftActor} has failed; before its owner says anything else. */
    public static void publishIfIn(Throwable failure, ActorSystem<?> system) {
        if (OutOfSpace.isIn(failure)) {
            system.classicSystem().eventStream().publish(new JournalOutOfSpace(String.valueOf(failure.getMessage())));
        }
    }
}
