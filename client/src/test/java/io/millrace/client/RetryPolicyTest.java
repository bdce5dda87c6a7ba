package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {
    private static final RetryPolicy WITHOUT_JITTER = new RetryPolicy(Duration.ofMillis(10), Duration.ofMillis(100), 0);

    @Test
    void waitsDoubleUpToTheLongest() {
        assertThat(WITHOUT_JITTER.backoff(1, new Random())).isEqualTo(Duration.ofMillis(10));
        assertThat(WITHOUT_JITTER.backoff(3, new Random())).isEqualTo(Duration.ofMillis(40));
        assertThat(WITHOUT_JITTER.backoff(Integer.MAX_VALUE, new Random())).isEqualTo(Duration.ofMillis(100));
    }

    @Property
    void jitterShortensAWaitByAtMostItsPart(@ForAll @IntRange(min = 1, max = 100) int failures, @ForAll long seed) {
        RetryPolicy policy = new RetryPolicy(Duration.ofMillis(10), Duration.ofMillis(100), 0.5);
        Duration longest = WITHOUT_JITTER.backoff(failures, new Random(seed));
        assertThat(policy.backoff(failures, new Random(seed))).isBetween(longest.dividedBy(2), longest);
    }

    @Test
    void onlyWhatMayBeAppliedTwiceIsRepeatedAfterAnUnknownOutcome() {
        assertThat(delay(FailureReason.CONNECTION_LOST, 1, true)).isPresent();
        assertThat(delay(FailureReason.CONNECTION_LOST, 1, false)).isEmpty();
        assertThat(delay(FailureReason.NO_LEADER, 1, false)).isPresent();
        assertThat(delay(FailureReason.NOT_ENOUGH_REPLICAS, 1, false)).isPresent();
    }

    @Test
    void whatNeedsAnotherRequestIsNotRepeated() {
        assertThat(delay(FailureReason.CORRUPT_BATCH, 1, true)).isEmpty();
        assertThat(delay(FailureReason.REPLICA_FAILED, 1, true)).isEmpty();
    }

    @Test
    void anUnknownTopicIsAskedForThreeTimes() {
        assertThat(delay(FailureReason.UNKNOWN_TOPIC, 2, true)).isPresent();
        assertThat(delay(FailureReason.UNKNOWN_TOPIC, 3, true)).isEmpty();
    }

    @Test
    void aWaitThatWouldOutlastTheCallIsNotBegun() {
        MillraceException overloaded =
                new MillraceException(FailureReason.OVERLOADED, "full", Map.of(), false, Duration.ofSeconds(5), null);
        assertThat(WITHOUT_JITTER.delayBeforeRetry(overloaded, 1, false, true, Duration.ofSeconds(6), new Random()))
                .contains(Duration.ofSeconds(5));
        assertThat(WITHOUT_JITTER.delayBeforeRetry(overloaded, 1, false, true, Duration.ofSeconds(4), new Random()))
                .isEmpty();
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        assertThatThrownBy(() -> new RetryPolicy(Duration.ZERO, Duration.ofMillis(1), 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new RetryPolicy(Duration.ofMillis(2), Duration.ofMillis(1), 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new RetryPolicy(Duration.ofMillis(1), Duration.ofMillis(1), 1.5))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static Optional<Duration> delay(FailureReason reason, int failures, boolean repeatable) {
        return WITHOUT_JITTER.delayBeforeRetry(
                new MillraceException(reason, "x", Map.of()),
                failures,
                false,
                repeatable,
                Duration.ofSeconds(30),
                new Random());
    }
}
