package io.millrace.partition.replica;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.partition.log.EntriesUnavailableException;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.replica.OpenLogs.OpenLog;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Reads all logs of a broker, slowly, one after the other, round after round, so that what a disk has lost is known while
 * other replicas still have it. Blocks: to be run on {@link ReplicaContext#LOG_DISPATCHER}.
 *
 * <p>It reads as everybody does, through the operating system's cache: damage below it shows when the page is read from the
 * disk again. After the first damage in a log it goes on with the next one; that replica must be rebuilt in any case.
 */
public final class Scrubber extends AbstractBehavior<Scrubber.Command> {
    private static final int PIECE_BYTES = 256 * 1024;
    /** What looking at a log costs at least, so that thousands of small ones take their time as well. */
    private static final int PIECE_BYTES_MIN = 4 * 1024;

    public sealed interface Command {}

    private enum Next implements Command {
        INSTANCE
    }

    private final TimerScheduler<Command> timers;
    private final OpenLogs logs;
    private final long bytesPerSecond;
    private final Duration rest;

    /** The log that is being read, or was read last; names are never empty. */
    private String replica = "";

    private Optional<OpenLog> open = Optional.empty();
    private long nextIndex;

    /**
     * @param bytesPerSecond more than 0
     * @param rest before each round
     */
    public static Behavior<Command> create(OpenLogs logs, long bytesPerSecond, Duration rest) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new Scrubber(context, timers, logs, bytesPerSecond, rest)));
    }

    private Scrubber(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            OpenLogs logs,
            long bytesPerSecond,
            Duration rest) {
        super(context);
        this.timers = timers;
        this.logs = logs;
        this.bytesPerSecond = bytesPerSecond;
        this.rest = rest;
        timers.startSingleTimer(Next.INSTANCE, rest);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onMessageEquals(Next.INSTANCE, this::onNext).build();
    }

    private Behavior<Command> onNext() {
        if (open.isEmpty()) {
            open = logs.after(replica);
            if (open.isEmpty()) {
                replica = "";
                timers.startSingleTimer(Next.INSTANCE, rest);
                return this;
            }
            replica = open.get().replica();
            nextIndex = open.get().log().firstIndex();
        }
        long bytes = Math.max(PIECE_BYTES_MIN, readPiece(open.get()));
        timers.startSingleTimer(Next.INSTANCE, Duration.ofNanos(bytes * 1_000_000_000 / bytesPerSecond));
        return this;
    }

    /** Returns how many bytes; at the end, or at damage, the log is done with. */
    private long readPiece(OpenLog from) {
        try {
            List<Entry> entries = from.log().read(nextIndex, Long.MAX_VALUE, PIECE_BYTES);
            if (entries.isEmpty()) {
                open = Optional.empty();
                from.log().closeReadFiles(); // perhaps nobody else has read of it for a long time
                return 0;
            }
            nextIndex += entries.size();
            return entries.stream()
                    .mapToLong(entry -> entry.payload().sizeBytes())
                    .sum();
        } catch (EntriesUnavailableException e) {
            open = Optional.empty(); // closed, trimmed or cut meanwhile: the next round sees what is there then
        } catch (IOException | RuntimeException e) {
            open = Optional.empty();
            from.damaged().accept(String.valueOf(e.getMessage()));
        }
        return 0;
    }
}
