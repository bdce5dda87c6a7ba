package io.millrace.partition.sim;

import io.millrace.partition.raft.Payload;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Propose values, each unique, to whoever believes to lead; several may. */
final class Clients {
    private final World world;
    private final SplittableRandom random;
    private long values;
    private boolean stopped;

    Clients(World world, SplittableRandom random) {
        this.world = world;
        this.random = random;
    }

    void start() {
        world.timeline.after(1 + random.nextLong(2 * world.scenario.proposeEveryMicros()), () -> {
            if (!stopped) {
                propose();
                start();
            }
        });
    }

    void stop() {
        stopped = true;
    }

    /** Does nothing if nobody believes to lead. */
    void propose() {
        Shell leader = someLeader();
        if (leader == null) {
            return;
        }
        List<Payload> payloads = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            payloads.add(nextValue());
        }
        leader.propose(payloads);
    }

    private @Nullable Shell someLeader() {
        List<Shell> leaders = new ArrayList<>();
        for (Member member : world.members.values()) {
            Shell shell = member.shell();
            if (shell != null && shell.believesToLead()) {
                leaders.add(shell);
            }
        }
        return leaders.isEmpty() ? null : leaders.get(random.nextInt(leaders.size()));
    }

    private Payload nextValue() {
        ByteBuffer bytes = ByteBuffer.allocate(8 + random.nextInt(32));
        return Payload.wrap(bytes.putLong(0, ++values).array());
    }
}
