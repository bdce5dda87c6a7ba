package io.millrace.partition.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Ask whoever believes to lead to append values, each of them once, and to show what is there; several may believe so. */
final class Clients {
    /** Now and then nobody wants anything for a while, and groups fall asleep. */
    private static final int RESTS_AFTER = 60;

    private static final long RESTS_MICROS_MAX = 8_000_000;

    private final World world;
    private final SplittableRandom random;

    /** Frames of one size line up with what a torn write left of others. */
    private final boolean alike;

    private boolean stopped;

    Clients(World world, SplittableRandom random) {
        this.world = world;
        this.random = random;
        this.alike = random.nextInt(3) == 0;
    }

    void start() {
        long restsMicros = random.nextInt(RESTS_AFTER) == 0 ? random.nextLong(RESTS_MICROS_MAX) : 0;
        world.timeline.after(restsMicros + 1 + random.nextLong(2 * world.scenario.proposeEveryMicros()), () -> {
            if (!stopped) {
                for (int i = random.nextInt(8) == 0 ? random.nextInt(30) : random.nextInt(3); i >= 0; i--) {
                    produce();
                }
                if (random.nextInt(3) == 0) {
                    fetch();
                }
                if (random.nextInt(2) == 0) {
                    readEnd();
                }
                start();
            }
        });
    }

    void stop() {
        stopped = true;
    }

    /** Does nothing if nobody believes to lead. */
    void produce() {
        Shell leader = someLeader();
        if (leader != null) {
            int records = alike ? 1 : 1 + random.nextInt(3);
            int paddingBytes = alike ? 0 : random.nextInt(32);
            long first = world.history.append(records);
            leader.partition().produce(new Partition.Produce(first, records, Batches.of(first, records, paddingBytes)));
        }
    }

    private void fetch() {
        Shell leader = someLeader();
        if (leader != null) {
            leader.partition().fetch();
        }
    }

    /** At any member, and more often at one that believes to lead. */
    private void readEnd() {
        Shell leader = random.nextBoolean() ? someLeader() : null;
        if (leader != null) {
            leader.partition().readEnd();
            return;
        }
        List<Shell> running = world.members.values().stream()
                .map(Member::shell)
                .filter(Objects::nonNull)
                .toList();
        if (!running.isEmpty()) {
            running.get(random.nextInt(running.size())).partition().readEnd();
        }
    }

    private @Nullable Shell someLeader() {
        List<Shell> leaders = new ArrayList<>();
        for (Member member : world.members.values()) {
            Shell shell = member.shell();
            if (shell != null && shell.partition().isServing()) {
                leaders.add(shell);
            }
        }
        return leaders.isEmpty() ? null : leaders.get(random.nextInt(leaders.size()));
    }
}
