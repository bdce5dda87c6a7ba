package io.millrace.cluster.chaos;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** All faults of a run, from one seed. They may overlap: for moments there is no majority, and nothing is acknowledged. */
final class FaultPlan {
    private static final long FIRST_MILLIS = 3_000;
    private static final long DISTANCE_MILLIS_MIN = 2_000;
    private static final long DISTANCE_MILLIS_MAX = 14_000;
    private static final long LASTS_MILLIS_MIN = 1_000;
    private static final long LASTS_MILLIS_MAX = 15_000;

    private FaultPlan() {}

    /**
     * @param millis the length of the run; every fault is over by then
     * @return in the order of their beginnings
     */
    static List<Fault> of(long seed, int brokers, long millis) {
        Random random = new Random(seed);
        List<Fault> plan = new ArrayList<>();
        List<Fault.Kind> kinds = new ArrayList<>();
        long at = FIRST_MILLIS;
        while (true) {
            if (kinds.isEmpty()) { // each kind comes before any comes again
                kinds.addAll(List.of(Fault.Kind.values()));
                Collections.shuffle(kinds, random);
            }
            long lasts = LASTS_MILLIS_MIN + random.nextLong(LASTS_MILLIS_MAX - LASTS_MILLIS_MIN);
            Fault fault =
                    new Fault(kinds.remove(0), at, lasts, List.of(1 + random.nextInt(brokers)), random.nextBoolean());
            if (fault.endMillis() > millis) {
                return plan;
            }
            plan.add(fault);
            at += DISTANCE_MILLIS_MIN + random.nextLong(DISTANCE_MILLIS_MAX - DISTANCE_MILLIS_MIN);
        }
    }
}
