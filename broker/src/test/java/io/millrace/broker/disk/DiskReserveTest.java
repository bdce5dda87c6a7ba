package io.millrace.broker.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.replica.DiskSpace;
import java.util.List;
import org.junit.jupiter.api.Test;

class DiskReserveTest {
    private final DiskReserve reserve = new DiskReserve(800);

    private List<DiskSpace> through(long... freeBytes) {
        DiskSpace[] states = new DiskSpace[freeBytes.length];
        DiskSpace state = DiskSpace.AMPLE;
        for (int i = 0; i < freeBytes.length; i++) {
            state = reserve.after(state, freeBytes[i]);
            states[i] = state;
        }
        return List.of(states);
    }

    @Test
    void belowTheReserveLeadersStopAndBelowHalfOfItFollowersToo() {
        assertThat(through(800, 799, 400, 399))
                .containsExactly(DiskSpace.AMPLE, DiskSpace.LOW, DiskSpace.LOW, DiskSpace.EXHAUSTED);
    }

    @Test
    void aDiskThatFillsAtOnceIsExhaustedAtOnceAndOneThatIsEmptiedIsAmple() {
        assertThat(through(0, 900)).containsExactly(DiskSpace.EXHAUSTED, DiskSpace.AMPLE);
    }

    @Test
    void theWayBackTakesAnEighthMore() {
        assertThat(through(799, 899, 900)).containsExactly(DiskSpace.LOW, DiskSpace.LOW, DiskSpace.AMPLE);
        assertThat(through(399, 499, 500)).containsExactly(DiskSpace.EXHAUSTED, DiskSpace.EXHAUSTED, DiskSpace.LOW);
    }

    @Test
    void withoutAReserveThereIsAlwaysRoom() {
        assertThat(new DiskReserve(0).after(DiskSpace.AMPLE, 0)).isEqualTo(DiskSpace.AMPLE);
    }
}
