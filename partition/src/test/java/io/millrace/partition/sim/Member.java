package io.millrace.partition.sim;

import io.millrace.partition.raft.Input;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** One member through all its lives: its journal and its log survive crashes, its {@link Shell} does not. */
final class Member {
    final NodeId id;
    final SimulatedJournal journal = new SimulatedJournal();
    final SimulatedLog log;
    private final World world;
    private final SplittableRandom random;
    private @Nullable Shell shell;
    private int lives;

    Member(NodeId id, World world, SplittableRandom random) {
        this.id = id;
        this.world = world;
        this.random = random;
        this.log = new ForgetfulLog((index, entries) -> world.checks.diskCut(id, entries));
    }

    /** The running member; null while it is down. */
    @Nullable Shell shell() {
        return shell;
    }

    boolean isUp() {
        return shell != null;
    }

    void start() {
        if (shell == null) {
            lives++;
            world.checks.started(id, lives, log.synced());
            shell = new Shell(this, lives, world, random.split());
            world.trace.at(id, "started", shell.standing());
            shell.begin();
        }
    }

    void receive(Message message) {
        if (shell != null) {
            shell.deliver(new Input.Received(message));
        }
    }

    void crash() {
        Shell running = shell;
        if (running != null) {
            world.trace.at(id, "crashed", running.standing());
            running.stop();
            shell = null;
            journal.crash(random);
            log.crash(random);
            long[] downMicrosMax = {20_000, 800_000, 800_000, 8_000_000};
            world.timeline.after(1_000 + random.nextLong(downMicrosMax[random.nextInt(4)]), this::start);
        }
    }
}
