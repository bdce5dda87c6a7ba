package io.millrace.partition.sim;

import io.millrace.partition.raft.RaftSettings;
import java.util.SplittableRandom;

/**
 * What a seed stands for.
 *
 * @param size the number of voters
 * @param learners that come and go
 * @param proposeEveryMicros mean time between proposals
 */
record Scenario(long seed, int size, int learners, Faults faults, RaftSettings settings, long proposeEveryMicros) {
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
                random.nextBoolean() ? roomy.appendBytesMax() : 200 + random.nextInt(400),
                random.nextBoolean() ? roomy.inflightBytesMax() : 400 + random.nextInt(1_200),
                random.nextBoolean() ? roomy.inflightMessagesMax() : 2 + random.nextInt(4));
        return new Scenario(seed, size, random.nextInt(3), faults, settings, 10_000L << random.nextInt(5));
    }

    @Override
    public String toString() {
        return "seed " + seed + ": " + size + " voters, " + learners + " learners, " + faults.name()
                + ", a proposal every " + proposeEveryMicros + " µs, " + settings;
    }
}
