package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.millrace.partition.raft.Payload;
import org.junit.jupiter.api.Test;

class TrimDecisionTest {
    @Test
    void theDecisionIsReadAsItWasWritten() {
        TrimDecision decision = new TrimDecision(77, 1_700_000_000_000L);
        assertThat(TrimDecision.decode(decision.encode())).isEqualTo(decision);
        byte[] later = decision.encode().toByteArray();
        later[0] = 2;
        assertThatIllegalArgumentException().isThrownBy(() -> TrimDecision.decode(Payload.wrap(later)));
        assertThatIllegalArgumentException().isThrownBy(() -> TrimDecision.decode(Payload.EMPTY));
    }
}
