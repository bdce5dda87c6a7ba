package io.millrace.broker.disk;

import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.AbstractBehavior;
import akka.actor.typed.javadsl.ActorContext;
import akka.actor.typed.javadsl.Behaviors;
import akka.actor.typed.javadsl.Receive;
import akka.actor.typed.javadsl.TimerScheduler;
import io.millrace.partition.replica.DiskSpace;
import java.io.IOException;
import java.time.Duration;

/** Looks at the free space again and again, and logs one line for each change of what it means. May block: asks the file system. */
public final class DiskWatch extends AbstractBehavior<DiskWatch.Command> {
    /** In this time a fast disk can take about a quarter of the default reserve. */
    private static final Duration EVERY = Duration.ofMillis(250);

    public sealed interface Command {}

    /** For tests, and the timer. */
    enum Look implements Command {
        INSTANCE
    }

    /** Asks the file system. */
    public interface FreeBytes {
        long get() throws IOException;
    }

    private final DiskReserve reserve;
    private final FreeBytes freeBytes;
    private final DiskReport report;
    private boolean lookedInVain;

    public static Behavior<Command> create(DiskReserve reserve, FreeBytes freeBytes, DiskReport report) {
        return Behaviors.setup(
                context -> Behaviors.withTimers(timers -> new DiskWatch(context, timers, reserve, freeBytes, report)));
    }

    private DiskWatch(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            DiskReserve reserve,
            FreeBytes freeBytes,
            DiskReport report) {
        super(context);
        this.reserve = reserve;
        this.freeBytes = freeBytes;
        this.report = report;
        timers.startTimerWithFixedDelay(Look.INSTANCE, Duration.ZERO, EVERY);
    }

    @Override
    public Receive<Command> createReceive() {
        return newReceiveBuilder().onMessageEquals(Look.INSTANCE, this::onLook).build();
    }

    private Behavior<Command> onLook() {
        long free;
        try {
            free = freeBytes.get();
        } catch (IOException e) {
            if (!lookedInVain) {
                lookedInVain = true;
                getContext().getLog().warn("Cannot tell how much room there is on the disk: {}", e.toString());
            }
            return this; // nothing is known to have changed; a disk that is gone shows by its writes
        }
        lookedInVain = false;
        DiskSpace before = report.space();
        DiskSpace now = reserve.after(before, free);
        report.found(new DiskReport.State(now, free));
        if (now != before) {
            say(now, free);
        }
        return this;
    }

    private void say(DiskSpace now, long free) {
        String figures = free + " bytes are free, millrace.disk-reserve is " + reserve.bytes();
        switch (now) {
            case AMPLE -> getContext().getLog().info("The disk has room again: {}", figures);
            case LOW ->
                getContext()
                        .getLog()
                        .error(
                                "The disk is nearly full: leaders here take no more records, fetches go on: {}",
                                figures);
            case EXHAUSTED ->
                getContext()
                        .getLog()
                        .error("The disk is full: no replica here takes more records, fetches go on: {}", figures);
        }
    }
}
