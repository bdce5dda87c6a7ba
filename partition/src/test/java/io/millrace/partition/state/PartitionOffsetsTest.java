package io.millrace.partition.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class PartitionOffsetsTest {
    @Example
    void theHighWatermarkFollowsTheCommitAndNotTheLog() {
        PartitionOffsets offsets = new PartitionOffsets(0, 0, 0);
        offsets.appended(1, 0); // a leader's no-op
        offsets.appended(2, 5);
        offsets.appended(3, 9);
        assertThat(offsets.logEndOffset()).isEqualTo(9);
        assertThat(offsets.highWatermark()).isZero();
        assertThat(offsets.committed(2)).hasValue(5);
        assertThat(offsets.highWatermark()).isEqualTo(5);
    }

    @Example
    void afterARestartACommitBelowTheEndThatWasFoundIsResolvedByTheLog() {
        PartitionOffsets offsets = new PartitionOffsets(10, 100, 0);
        assertThat(offsets.committed(8)).isEmpty();
        offsets.base(8, 80);
        assertThat(offsets.committed(8)).hasValue(80);
        assertThat(offsets.committed(10)).hasValue(100);
    }

    @Example
    void afterACutBelowWhatIsKnownTheEndIsAskedOfTheLog() {
        PartitionOffsets offsets = new PartitionOffsets(10, 100, 0);
        assertThat(offsets.truncated(7)).isFalse();
        offsets.base(6, 60);
        offsets.appended(7, 65);
        assertThat(offsets.logEndOffset()).isEqualTo(65);
        assertThat(offsets.committed(7)).hasValue(65);
    }

    @Example
    void aCommittedEntryIsNeverCut() {
        PartitionOffsets offsets = new PartitionOffsets(0, 0, 0);
        offsets.appended(1, 1);
        offsets.committed(1);
        assertThatThrownBy(() -> offsets.truncated(1)).isInstanceOf(IllegalStateException.class);
    }

    /** Against the plainest model: a list of what follows each entry. */
    @Property(tries = 500)
    void itKnowsWhatAPlainListKnows(@ForAll long seed) {
        Random random = new Random(seed);
        List<Long> model = new ArrayList<>(List.of(0L)); // model.get(index) follows entry index
        for (int i = random.nextInt(20); i > 0; i--) {
            model.add(last(model) + random.nextInt(3));
        }
        long committed = 0;
        PartitionOffsets offsets = new PartitionOffsets(model.size() - 1, last(model), 0);
        for (int step = 0; step < 100; step++) {
            switch (random.nextInt(3)) {
                case 0 -> {
                    model.add(last(model) + random.nextInt(3));
                    offsets.appended(model.size() - 1, last(model));
                }
                case 1 -> {
                    committed += random.nextInt((int) (model.size() - committed));
                    if (offsets.committed(committed).isEmpty()) {
                        offsets.base(committed, model.get((int) committed));
                    }
                    assertThat(offsets.committed(committed)).hasValue(model.get((int) committed));
                }
                default -> {
                    if (committed < model.size() - 1) {
                        int cut = (int) committed + 1 + random.nextInt((int) (model.size() - 1 - committed));
                        model.subList(cut, model.size()).clear();
                        if (!offsets.truncated(cut)) {
                            offsets.base(cut - 1, last(model));
                        }
                    }
                }
            }
            assertThat(offsets.logEndOffset()).isEqualTo(last(model));
        }
    }

    private static long last(List<Long> model) {
        return model.get(model.size() - 1);
    }
}
