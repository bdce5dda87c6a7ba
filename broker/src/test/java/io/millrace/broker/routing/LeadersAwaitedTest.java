package io.millrace.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LeadersAwaitedTest {
    private static final int PARTITIONS = 6_000;

    private final BitSet led = new BitSet(PARTITIONS);
    private final AtomicInteger lookups = new AtomicInteger();
    private final LeadersAwaited.AllLed allLed = new LeadersAwaited.AllLed(PARTITIONS, partition -> {
        lookups.incrementAndGet();
        return led.get(partition);
    });

    @Test
    void aLookAfterEachElectionCostsNotMuchMoreThanOneLookAtAllPartitions() {
        List<Integer> order = IntStream.range(0, PARTITIONS).boxed().collect(Collectors.toList());
        Collections.shuffle(order, new Random(1));
        for (int partition : order) {
            assertThat(allLed.getAsBoolean()).isFalse();
            led.set(partition);
        }
        assertThat(allLed.getAsBoolean()).isTrue();
        assertThat(lookups.get()).isLessThan(4 * PARTITIONS);
    }

    @Test
    void aLeaderThatIsLostMeanwhileIsMissed() {
        led.set(0, PARTITIONS - 1);
        assertThat(allLed.getAsBoolean()).isFalse();
        led.clear(7);
        led.set(PARTITIONS - 1);
        assertThat(allLed.getAsBoolean()).isFalse();
        led.set(7);
        assertThat(allLed.getAsBoolean()).isTrue();
    }
}
