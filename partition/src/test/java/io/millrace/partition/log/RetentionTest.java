package io.millrace.partition.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class RetentionTest {
    private static final long HOUR = 3_600_000;
    private static final Retention AN_HOUR = new Retention(HOUR, Retention.UNLIMITED);
    private static final Retention KILOBYTE = new Retention(Retention.UNLIMITED, 1_000);

    /** Ten entries, a hundred bytes each. */
    private static SegmentSummary segment(int number, long maxTimestamp) {
        return new SegmentSummary(
                number * 10L + 1, number * 10L + 10, number * 10L, number * 10L + 10, 1_000, maxTimestamp);
    }

    private static List<SegmentSummary> segments(long... maxTimestamps) {
        List<SegmentSummary> all = new ArrayList<>();
        for (long maxTimestamp : maxTimestamps) {
            all.add(segment(all.size(), maxTimestamp));
        }
        return all;
    }

    @Test
    void aSegmentGoesWhenItsLastRecordIsTooOld() {
        List<SegmentSummary> segments = segments(0, 1_000, 2_000, 3_000);
        assertThat(AN_HOUR.due(segments, 40, HOUR)).isEmpty();
        assertThat(AN_HOUR.due(segments, 40, HOUR + 1)).hasValue(10);
        assertThat(AN_HOUR.due(segments, 40, HOUR + 1_001)).hasValue(20);
    }

    @Test
    void soDoesTheOneThatGrows() {
        assertThat(AN_HOUR.due(segments(0, 1_000), 20, HOUR + 1_001)).hasValue(20);
        assertThat(AN_HOUR.due(segments(OffsetReader.NO_TIMESTAMP), 10, Long.MAX_VALUE))
                .as("without records there is nothing to lose")
                .isEmpty();
    }

    @Test
    void aSegmentGoesWhenThereIsEnoughWithoutIt() {
        assertThat(KILOBYTE.due(segments(1, 1), 20, 0)).hasValue(10);
        assertThat(KILOBYTE.due(segments(1), 10, 0)).isEmpty();
        assertThat(new Retention(Retention.UNLIMITED, 1_001).due(segments(1, 1), 20, 0))
                .isEmpty();
        assertThat(new Retention(Retention.UNLIMITED, 0).due(segments(1, 1, 1), 30, 0))
                .as("not the one that grows")
                .hasValue(20);
    }

    @Test
    void whatIsNotCommittedStays() {
        assertThat(AN_HOUR.due(segments(0, 0, 0), 19, 2 * HOUR)).hasValue(10);
    }

    @Test
    void aSegmentOfNothingButLeadersNoOpsGoesWithTheOthers() {
        assertThat(AN_HOUR.due(segments(OffsetReader.NO_TIMESTAMP, 0, 9 * HOUR), 30, 2 * HOUR))
                .hasValue(20);
    }

    @Property(tries = 1_000)
    void whatGoesIsABeginningAndWhatStaysIsTooYoungAndNotTooMuch(@ForAll long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        long[] timestamps = random.longs(1 + random.nextInt(8), 0, 3 * HOUR).toArray();
        List<SegmentSummary> segments = segments(timestamps);
        long commit = random.nextLong(10L * timestamps.length + 1);
        long now = random.nextLong(5 * HOUR);
        Retention both = new Retention(1 + random.nextLong(2 * HOUR), random.nextLong(6_000));
        OptionalLong due = both.due(segments, commit, now);
        int kept = (int) (due.orElse(0) / 10);
        if (kept > 0) {
            assertThat(due.getAsLong()).isLessThanOrEqualTo(commit).isEqualTo(kept * 10L);
        }
        if (kept < segments.size() && segments.get(kept).lastIndex() <= commit) {
            assertThat(now - segments.get(kept).maxTimestamp()).isLessThanOrEqualTo(both.maxAgeMillis());
            if (kept + 1 < segments.size()) {
                assertThat((segments.size() - kept - 1) * 1_000L).isLessThan(both.maxBytes());
            }
        }
    }
}
