package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class MoveThrottleTest {
    private static final int MIB = 1 << 20;

    private record Sending(long atMillis, int member) {}

    private record Sent(long atMillis, int bytes) {}

    @Example
    void whoComesFirstGoesAtOnceAndTheOthersInTheirOrder() {
        MoveThrottle throttle = new MoveThrottle(() -> 10 * MIB);
        assertThat(throttle.take(MIB, 5_000)).isZero();
        assertThat(throttle.take(MIB, 5_000)).isEqualTo(100);
        assertThat(throttle.take(MIB, 5_000)).isEqualTo(200);
        assertThat(throttle.take(MIB, 5_050)).isEqualTo(250);
        assertThat(throttle.take(MIB, 6_000)).as("all is paid").isZero();
    }

    @Example
    void whatIsNotSentIsGivenBackAndWhatWasMoreIsOwed() {
        MoveThrottle throttle = new MoveThrottle(() -> 10 * MIB);
        assertThat(throttle.take(MIB, 0)).isZero();
        throttle.giveBack(MIB);
        assertThat(throttle.take(MIB, 0)).isZero();
        throttle.giveBack(MIB - 5 * MIB);
        assertThat(throttle.take(MIB, 0)).isEqualTo(500);
    }

    @Example
    void withoutALimitNobodyWaits() {
        MoveThrottle throttle = new MoveThrottle(() -> MoveThrottle.UNLIMITED);
        for (int i = 0; i < 1_000; i++) {
            assertThat(throttle.take(MIB, i / 100)).isZero();
        }
    }

    @Example
    void anHourInWhichNothingWasSentIsNotSaved() {
        MoveThrottle throttle = new MoveThrottle(() -> 10 * MIB);
        assertThat(throttle.take(MIB, 0)).isZero();
        assertThat(throttle.take(MIB, 3_600_000)).isZero();
        assertThat(throttle.take(MIB, 3_600_000)).as("a tenth of a second is").isZero();
        assertThat(throttle.take(MIB, 3_600_000)).isEqualTo(100);
    }

    @Example
    void anotherLimitHoldsFromTheNextMessageOn() {
        AtomicLong limit = new AtomicLong(MoveThrottle.UNLIMITED);
        MoveThrottle throttle = new MoveThrottle(limit::get);
        for (int i = 0; i < 100; i++) {
            assertThat(throttle.take(MIB, i)).isZero();
            throttle.giveBack(MIB); // to nobody
        }
        limit.set(10 * MIB);
        assertThat(throttle.take(MIB, 100)).isZero();
        assertThat(throttle.take(MIB, 100)).as("a tenth of a second is saved").isZero();
        assertThat(throttle.take(MIB, 100)).isEqualTo(100);
        limit.set(20 * MIB);
        assertThat(throttle.take(MIB, 100)).as("2 MiB are owed").isEqualTo(100);
        limit.set(MoveThrottle.UNLIMITED);
        assertThat(throttle.take(MIB, 100)).isZero();
        limit.set(MIB);
        assertThat(throttle.take(MIB, 100)).as("what was owed is forgotten").isZero();
        assertThat(throttle.take(MIB, 100)).isEqualTo(1_000);
    }

    /** Members that have all there is to get, on timers that are late: over any second the limit holds, and it is used. */
    @Property(tries = 50)
    void howeverManyMembersCatchUpTheLimitHoldsAndIsUsed(@ForAll long seed) {
        Random random = new Random(seed);
        long bytesPerSecond = (1 + random.nextInt(100)) * (long) MIB;
        int members = 1 + random.nextInt(10);
        MoveThrottle throttle = new MoveThrottle(() -> bytesPerSecond);
        PriorityQueue<Sending> queue = new PriorityQueue<>(Comparator.comparingLong(Sending::atMillis));
        List<Sent> sent = new ArrayList<>();
        for (int member = 0; member < members; member++) {
            queue.add(new Sending(throttle.take(MIB, 0), member));
        }
        long endMillis = 20_000;
        for (Sending next = queue.remove(); next.atMillis() < endMillis; next = queue.remove()) {
            int bytes = random.nextInt(10) == 0 ? random.nextInt(2 * MIB) : MIB - random.nextInt(1_000);
            sent.add(new Sent(next.atMillis(), bytes));
            throttle.giveBack(MIB - bytes);
            long waitMillis = throttle.take(MIB, next.atMillis());
            queue.add(new Sending(
                    next.atMillis() + waitMillis + (waitMillis == 0 ? 0 : random.nextInt(10)), next.member()));
        }
        long[] perSecond = new long[(int) (endMillis / 1_000)];
        sent.forEach(one -> perSecond[(int) (one.atMillis() / 1_000)] += one.bytes());
        for (long bytes : perSecond) {
            // And what was saved, and one message of each member that was let go by what another gave back.
            assertThat(bytes).isLessThanOrEqualTo(bytesPerSecond * 11 / 10 + 2L * MIB * (members + 1));
        }
        long all = sent.stream().mapToLong(Sent::bytes).sum();
        assertThat(all)
                .isBetween(bytesPerSecond * 18, bytesPerSecond * 20 + 3L * MIB * (members + 1) + bytesPerSecond / 10);
    }
}
