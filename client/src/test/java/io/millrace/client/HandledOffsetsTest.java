package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.TopicPartition;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class HandledOffsetsTest {
    private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

    private final HandledOffsets offsets = new HandledOffsets();

    private long handled() {
        return Objects.requireNonNull(offsets.handled().get(PARTITION));
    }

    @Test
    void whatIsDoneCountsOnceNothingBeforeItIsOpen() {
        offsets.began(PARTITION, 5);
        offsets.began(PARTITION, 6);
        offsets.began(PARTITION, 9); // offsets may have gaps
        offsets.done(PARTITION, 6);
        assertThat(handled()).isEqualTo(5);
        offsets.done(PARTITION, 5);
        assertThat(handled()).isEqualTo(9);
        assertThat(offsets.isOpen(PARTITION)).isTrue();
        offsets.done(PARTITION, 9);
        assertThat(handled()).isEqualTo(10);
        assertThat(offsets.isOpen(PARTITION)).isFalse();
    }

    @RepeatedTest(50)
    void noRecordThatIsNotDoneIsEverCounted(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        TreeSet<Long> open = new TreeSet<>();
        long next = 0;
        for (int step = 0; step < 500; step++) {
            if (open.isEmpty() || random.nextBoolean()) {
                next += random.nextInt(3);
                offsets.began(PARTITION, next);
                open.add(next++);
            } else {
                Long[] all = open.toArray(Long[]::new);
                Long one = all[random.nextInt(all.length)];
                open.remove(one);
                offsets.done(PARTITION, one);
            }
            assertThat(handled()).isEqualTo(open.isEmpty() ? next : open.first());
        }
    }
}
