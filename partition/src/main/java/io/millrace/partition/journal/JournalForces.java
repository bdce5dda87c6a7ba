package io.millrace.partition.journal;

import akka.actor.setup.Setup;
import java.util.function.LongConsumer;

/** Hears how long each force of the {@link GroupCommitJournal} takes: a part of the actor system's setup, since Akka makes journals. */
public final class JournalForces extends Setup {
    private final LongConsumer nanos;

    /** @param nanos called by the thread that forces: quick, and throws nothing */
    public JournalForces(LongConsumer nanos) {
        this.nanos = nanos;
    }

    void took(long forceNanos) {
        nanos.accept(forceNanos);
    }
}
