package io.millrace.client.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LoadTest {
    private static final long MILLI = 1_000_000;

    /** Goes on only where the load waits. */
    private static final class VirtualTime implements Load.Time {
        private long nanos = 17;

        @Override
        public long nanos() {
            return nanos;
        }

        @Override
        public void pauseUntil(long until) {
            nanos = Math.max(nanos, until);
        }
    }

    private final VirtualTime time = new VirtualTime();

    @Test
    void recordsThatWereDueDuringAStallCountTheStall() {
        Load load = new Load(1_000, Duration.ZERO, Duration.ofSeconds(1), time);
        Load.Result result = load.run(target((number, acknowledgement) -> {
            if (number == 500) {
                time.nanos += 100 * MILLI; // all that is due meanwhile is sent late
            }
            acknowledgement.completed(null);
        }));
        assertThat(result.latencyMicros().getTotalCount()).isEqualTo(1_000);
        assertThat(result.latencyMillis(50)).isZero();
        assertThat(result.latencyMillis(95)).isBetween(49.0, 51.0);
        assertThat(result.latencyMillis(100)).isBetween(99.9, 100.1);
        assertThat(result.longestGap()).isEqualTo(Duration.ofMillis(101));
    }

    @Test
    void theWarmUpIsNotMeasured() {
        List<String> told = new ArrayList<>();
        long start = time.nanos;
        Load.Listener listener = new Load.Listener() {
            @Override
            public void measuringBegins() {
                told.add("begins at " + (time.nanos - start) / MILLI);
            }

            @Override
            public void measuringEnds() {
                told.add("ends at " + (time.nanos - start) / MILLI);
            }
        };
        Load load = new Load(100, Duration.ofSeconds(2), Duration.ofSeconds(3), time);
        Load.Result result = load.run(
                target((number, acknowledgement) -> {
                    time.nanos += number < 200 ? 5 * MILLI : MILLI;
                    acknowledgement.completed(null);
                }),
                listener);
        assertThat(told).containsExactly("begins at 2000", "ends at 5000");
        assertThat(result.acknowledged()).isEqualTo(300);
        assertThat(result.recordsPerSecond()).isEqualTo(100);
        assertThat(result.latencyMillis(100)).isBetween(0.999, 1.001);
    }

    @Test
    void whatFailsIsCountedApart() {
        Load load = new Load(100, Duration.ZERO, Duration.ofSeconds(1), time);
        Load.Result result = load.run(target((number, acknowledgement) ->
                acknowledgement.completed(number % 4 == 0 ? new IllegalStateException("no " + number) : null)));
        assertThat(result.acknowledged()).isEqualTo(75);
        assertThat(result.failed()).isEqualTo(25);
        assertThat(load.firstFailure()).hasMessage("no 0");
    }

    @Test
    void withoutARateOneRecordFollowsTheOther() {
        Load load = new Load(0, Duration.ZERO, Duration.ofSeconds(1), time);
        Load.Result result = load.run(target((number, acknowledgement) -> {
            time.nanos += 10 * MILLI;
            acknowledgement.completed(null);
        }));
        assertThat(result.acknowledged()).isEqualTo(100);
    }

    private interface Sending {
        void send(long number, Load.Acknowledgement acknowledgement);
    }

    private static Load.Target target(Sending sending) {
        return new Load.Target() {
            @Override
            public void send(long number, Load.Acknowledgement acknowledgement) {
                sending.send(number, acknowledgement);
            }

            @Override
            public void flush() {}
        };
    }
}
