package io.millrace.controller.balance;

/**
 * When leaders are balanced, and how eagerly.
 *
 * @param threshold balancing begins when a broker differs from the mean by more than this part of it; it goes on until all are
 *     within a third of that
 * @param movesMax in one cycle
 * @param settleMillis after a broker has come or gone, nothing is moved for so long
 * @param stayMillis a partition that was moved is left alone for so long
 * @param reportAgeMillisMax a broker whose latest report is older is not known well enough
 */
public record BalancerSettings(
        double threshold, int movesMax, long settleMillis, long stayMillis, long reportAgeMillisMax) {
    public static final BalancerSettings DEFAULT = new BalancerSettings(0.15, 3, 30_000, 300_000, 20_000);

    /** By how much of the mean the giver must carry more than the taker will: less is not worth a hand-over. */
    static final double MARGIN = 0.05;

    /** With ten thousand partitions, to find more of them would keep the controller from its work for seconds. */
    private static final int MOVES_BY_HAND_MAX = 1_000;

    /** Of the threshold; see {@link #threshold}. */
    static final double ENOUGH = 1.0 / 3;

    /** @throws IllegalArgumentException if something is out of its range */
    public BalancerSettings {
        if (!(threshold > 0 && threshold <= 10) || movesMax < 1) {
            throw new IllegalArgumentException(
                    "a threshold of 0 to 10 and at least one move, not " + threshold + " and " + movesMax);
        }
    }

    /** For who asks for it now: as even as may be, all at once. That nothing is moved during a fault stays. */
    public BalancerSettings byHand() {
        return new BalancerSettings(MARGIN, MOVES_BY_HAND_MAX, 0, 0, reportAgeMillisMax);
    }
}
