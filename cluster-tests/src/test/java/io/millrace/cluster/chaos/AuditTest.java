package io.millrace.cluster.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.Bytes;
import java.util.List;
import org.junit.jupiter.api.Test;

/** That a run cannot look well when it is not. */
class AuditTest {
    private final Sent sent = new Sent(3);

    AuditTest() {
        for (int number = 0; number < 4; number++) {
            assertThat(sent.next()).isEqualTo(Sent.valueOf(3, number));
        }
    }

    private void acknowledged(long... offsets) {
        for (int number = 0; number < offsets.length; number++) {
            if (offsets[number] >= 0) {
                sent.acknowledged(number, offsets[number]);
            }
        }
    }

    private Audit.Findings reading(Integer... numbers) {
        return reading(
                List.of(numbers).stream().map(number -> Sent.valueOf(3, number)).toList());
    }

    private Audit.Findings reading(List<Bytes> values) {
        Audit audit = new Audit(sent);
        for (int offset = 0; offset < values.size(); offset++) {
            audit.read(offset, values.get(offset));
        }
        return audit.finish();
    }

    @Test
    void whatIsReadBackAsItWasSentIsWell() {
        acknowledged(0, 1, 2, 3);
        Audit.Findings found = reading(0, 1, 2, 3);
        assertThat(found.isWell()).isTrue();
        assertThat(found.records()).isEqualTo(4);
        assertThat(found.duplicates() + found.unacknowledged()).isZero();
    }

    @Test
    void recordsThatNobodyWasToldOfAreCountedAndAllowed() {
        acknowledged(0, 1, -1, 3);
        Audit.Findings found = reading(0, 1, 2, 3);
        assertThat(found.isWell()).isTrue();
        assertThat(found.unacknowledged()).isEqualTo(1);
    }

    @Test
    void copiesAreFound() {
        acknowledged(2, 3, -1, 5);
        Audit.Findings found = reading(0, 1, 0, 1, 2, 3);
        assertThat(found.isWell()).isFalse();
        assertThat(found.duplicates()).isEqualTo(2);
    }

    @Test
    void anAcknowledgedRecordThatIsNotThereIsLost() {
        acknowledged(0, 1, 2, 3);
        assertThat(reading(0, 1, 2).lost()).isEqualTo(1);
        assertThat(reading(0, 1, 2).isWell()).isFalse();
        assertThat(reading().lost()).isEqualTo(4);
    }

    @Test
    void anAcknowledgedRecordThatIsElsewhereThanWasSaidIsLost() {
        acknowledged(0, 1, 2, 3);
        assertThat(reading(0, 2, 1, 3).lost()).isEqualTo(2);
    }

    @Test
    void acknowledgementsOutOfOrderAreFound() {
        acknowledged(0, 2, 1, 3);
        assertThat(reading(0, 2, 1, 3).reordered()).isEqualTo(1);
    }

    @Test
    void aByteThatDiffersIsFound() {
        acknowledged(0, 1);
        byte[] changed = Sent.valueOf(3, 1).toByteArray();
        changed[1_000] ^= 1;
        Audit.Findings found = reading(List.of(Sent.valueOf(3, 0), Bytes.wrap(changed)));
        assertThat(found.changed()).isEqualTo(1);
        assertThat(found.lost()).isEqualTo(1);
        assertThat(reading(List.of(Sent.valueOf(3, 0), Sent.valueOf(2, 1))).changed())
                .isEqualTo(1);
    }

    @Test
    void anOffsetThatIsMissingIsFound() {
        Audit audit = new Audit(sent);
        audit.read(0, Sent.valueOf(3, 0));
        audit.read(2, Sent.valueOf(3, 1));
        assertThat(audit.finish().isWell()).isFalse();
    }
}
