package io.millrace.partition.sim;

import io.millrace.partition.log.LogSettings;
import io.millrace.partition.raft.RaftSettings;
import java.util.SplittableRandom;

/**
 * What a seed stands for.
 *
 * @param size the number of founding voters
 * @param learners others that may join
 * @param log small segments, so that rolling, truncation over several of them and recovery happen all the time
 * @param cacheBytesMax of recent entries: with little of it, reads go to the files
 * @param behindBytes a leader takes nothing more while so much waits for its own disk
 * @param proposeEveryMicros mean time between proposals
 */
record Scenario(
        long seed,
        int size,
        int learners,
        Faults faults,
        RaftSettings settings,
        LogSettings log,
        int cacheBytesMax,
        long behindBytes,
        long proposeEveryMicros) {
    private static final int[] SIZES = {1, 2, 2, 3, 3, 3, 3, 5, 5, 5};

    static Scenario ofSeed(long seed) {
        return ofSeed(seed, SIZES[new SplittableRandom(~seed).nextInt(SIZES.length)]);
    }

    static Scenario ofSeed(long seed, int size) {
        SplittableRandom random = new SplittableRandom(seed);
        Faults faults = Faults.MIXES.get(random.nextInt(Faults.MIXES.size()));
        long commitNoticeMillis = new long[] {0, 10, 50}[random.nextInt(3)];
        RaftSettings roomy = RaftSettings.DEFAULT;
        RaftSettings settings = new RaftSettings(
                roomy.heartbeatMillis(),
                roomy.electionTimeoutMillisMin(),
                random.nextBoolean() ? roomy.electionTimeoutMillisMax() : 520, // narrow: many split votes
                commitNoticeMillis,
                random.nextBoolean() ? roomy.appendBytesMax() : 200 + random.nextInt(800),
                random.nextBoolean() ? roomy.inflightBytesMax() : 400 + random.nextInt(2_400),
                random.nextBoolean() ? roomy.inflightMessagesMax() : 2 + random.nextInt(4));
        LogSettings log = new LogSettings(
                300 + random.nextInt(3_000),
                100 + random.nextInt(500),
                random.nextBoolean() ? 0 : random.nextInt(2_000));
        int cacheBytesMax = new int[] {0, 400, 4_000, 1 << 20}[random.nextInt(4)];
        long behindBytes = random.nextBoolean() ? 1 << 20 : 500 + random.nextInt(2_000);
        int learners = random.nextInt(3);
        long proposeEveryMicros = 10_000L << random.nextInt(5);
        long quiesceAfterMillis = new long[] {0, 100, 500, RaftSettings.NEVER}[random.nextInt(4)];
        long readLeaseMillis = random.nextBoolean() ? 450 : 0;
        return new Scenario(
                seed,
                size,
                learners,
                faults,
                settings.withQuiesceAfterMillis(quiesceAfterMillis).withReadLeaseMillis(readLeaseMillis),
                log,
                cacheBytesMax,
                behindBytes,
                proposeEveryMicros);
    }

    /** The same with the faults of {@link Faults#MOVES}, and members enough to move to. */
    Scenario moving() {
        return new Scenario(
                seed,
                Math.min(size, 3),
                3,
                Faults.MOVES,
                settings,
                log,
                cacheBytesMax,
                behindBytes,
                proposeEveryMicros);
    }

    @Override
    public String toString() {
        return "seed " + seed + ": " + size + " voters, " + learners + " learners, " + faults.name()
                + ", a request every " + proposeEveryMicros + " µs, " + settings + ", " + log + ", cache "
                + cacheBytesMax
                + ", behind " + behindBytes;
    }
}
