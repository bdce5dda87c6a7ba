package io.millrace.partition.sim;

import io.millrace.partition.log.LogCorruptedException;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.HardState;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Snapshot;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** One member through all its lives: its clock, its journal and its disk survive crashes, its {@link Shell} does not. */
final class Member {
    final NodeId id;
    final NodeClock clock;
    final SimulatedJournal journal;
    final Disk disk;
    private final World world;
    private final SplittableRandom random;
    private @Nullable Shell shell;
    private int lives;
    private boolean isDead;
    /** Bits of its disk were flipped, and it does not know yet. */
    private boolean harmed;
    /** Opening its log found it out. */
    private boolean foundHarm;
    /** What was on its disks that were lost. */
    private final Set<Entry> lost = new HashSet<>();

    Member(NodeId id, World world, SplittableRandom random) {
        this.id = id;
        this.world = world;
        this.random = random;
        this.journal = new SimulatedJournal(world.isFounder(id) ? HardState.INITIAL : anew(0, Optional.empty()));
        this.clock = new NodeClock(world.timeline);
        this.disk = new Disk(world.scenario.log(), random.split(), new Disk.Observer() {
            @Override
            public void cut(List<Entry> entries) {
                world.checks.diskCut(id, entries);
            }

            @Override
            public List<Entry> committedUpTo(long index) {
                return world.checks.committedUpTo(index);
            }

            @Override
            public void broken(String what) {
                world.checks.check(false, Property.DISK_KEEPS, "%s %s", id, what);
            }

            @Override
            public void lost(int forced, int found) {
                world.checks.check(
                        harmed, Property.DISK_KEEPS, "%s had forced %s entries and finds %s", id, forced, found);
                world.counts.count(Fault.DAMAGE_BEYOND_DETECTION);
                foundHarm = true; // it does not know; but going on would only show what that documented gap does
            }
        });
    }

    /** The running member; null while it is down. */
    @Nullable Shell shell() {
        return shell;
    }

    /** How often it was started. */
    int lives() {
        return lives;
    }

    boolean isHarmed() {
        return harmed;
    }

    void harm() {
        harmed = true;
    }

    /** Whether it has all that it ever promised, and will know so whenever it starts. */
    boolean isWhole() {
        return !harmed && !journal.durable().recovering();
    }

    long incarnation() {
        return journal.durable().incarnation();
    }

    boolean hasOrHadOnDisk(Entry entry) {
        List<Entry> synced = disk.synced();
        return lost.contains(entry)
                || (synced.size() >= entry.index()
                        && synced.get((int) entry.index() - 1).equals(entry));
    }

    private HardState anew(long term, Optional<NodeId> vote) {
        return HardState.recovering(term, vote, 1 + random.nextLong(Long.MAX_VALUE));
    }

    /** All is gone, or only the log, or only the journal; what is new is empty when the member starts again. */
    void loseDisk() {
        end("loses its disk");
        disk.kill();
        if (random.nextInt(3) == 0) {
            beginAnew(anew(disk.lastTerm(), Optional.empty()));
        } else {
            rebuild();
        }
    }

    /** Without its log, and perhaps without its journal. */
    private void rebuild() {
        if (random.nextBoolean()) {
            loseLog();
            beginAnew(anew(0, Optional.empty()));
        } else {
            rebuildFromJournal();
        }
    }

    private void rebuildFromJournal() {
        loseLog();
        HardState before = journal.durable();
        beginAnew(HardState.recovering(before.term(), before.vote(), HardState.nextIncarnation(before.incarnation())));
    }

    private void loseLog() {
        lost.addAll(disk.synced());
        disk.wipe();
    }

    /** The group lets it give up its log, which is damaged. */
    void beginAnew() {
        world.counts.count(Fault.REPAIRED);
        end("sets its log aside");
        disk.kill();
        rebuildFromJournal();
    }

    private void beginAnew(HardState state) {
        world.counts.count(Fault.REBUILT);
        harmed &= disk.lastTerm() > 0; // flipped bits are gone with the log
        foundHarm = false;
        journal.replace(world.conduct.rebuilt(state));
        world.checks.diskLost(id);
        restartLater();
    }

    void start() {
        if (shell != null || isDead) {
            return;
        }
        lives++;
        SegmentedLog opened;
        Optional<Snapshot> begin;
        try {
            opened = disk.open();
            begin = opened.startSnapshot();
        } catch (LogCorruptedException e) {
            refuseLog(e);
            return;
        } catch (IOException e) {
            world.trace.befell(id, "cannot open its log: " + e.getMessage());
            world.counts.count(Fault.RECOVERY_INTERRUPTED);
            endOfDisk();
            restartLater();
            return;
        }
        if (foundHarm) {
            disk.kill();
            rebuild();
            return;
        }
        world.checks.started(id, disk.synced());
        Shell started = new Shell(this, lives, world, opened, begin, random.split());
        shell = started;
        world.trace.lane(id, Trace.Lane.UP);
        world.trace.at(id, Trace.STARTS, "starts", started.standing());
        started.begin();
    }

    void receive(Message message) {
        if (shell != null) {
            shell.receive(message);
        }
    }

    /** For good. */
    void die() {
        isDead = true;
        crash(true);
    }

    /** @param power whether what was not forced is subject to chance */
    void crash(boolean power) {
        if (end(power ? "loses power" : "is killed")) {
            if (power) {
                disk.crash(random);
            } else {
                disk.kill();
            }
            restartLater();
        }
    }

    private boolean end(String why) {
        Shell running = shell;
        if (running == null) {
            return false;
        }
        world.trace.at(id, Trace.ENDS, why, running.standing());
        world.trace.lane(id, Trace.Lane.DOWN);
        running.stop();
        shell = null;
        clock.stand(false);
        journal.crash(random);
        return true;
    }

    /** A change of the disk has failed, so that the replica stops; or the power went in the middle of it. */
    void diskFailed(Exception failure) {
        boolean halted = disk.storage().isHalted();
        if (!halted) {
            world.counts.count(Fault.DISK_ERROR_STOPPED_A_MEMBER);
        }
        if (end(halted ? "loses power in the middle of a disk operation" : "stops: " + failure.getMessage())) {
            endOfDisk();
            restartLater();
        }
    }

    private void endOfDisk() {
        if (disk.storage().isHalted() || random.nextBoolean()) {
            disk.crash(random);
        } else {
            disk.kill();
        }
    }

    /** Somebody who reads the log has met it. */
    void foundDamage(LogCorruptedException damage) {
        world.checks.check(harmed, Property.DISK_KEEPS, "%s: %s, which nobody has damaged", id, damage);
        world.counts.count(Fault.DAMAGE_DETECTED);
        world.trace.befell(id, "cannot read its log: " + damage.getMessage());
    }

    /** What was synced is not what was written: it must begin anew, for it cannot know what it has promised. */
    private void refuseLog(LogCorruptedException damage) {
        foundDamage(damage);
        end("is out");
        disk.kill();
        rebuild();
    }

    private void restartLater() {
        long[] downMicrosMax = {20_000, 800_000, 800_000, world.faults.equals(Faults.NONE) ? 20_000 : 8_000_000};
        world.timeline.after(1_000 + random.nextLong(downMicrosMax[random.nextInt(4)]), this::start);
    }
}
