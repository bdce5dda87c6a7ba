package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.raft.Input;
import org.junit.jupiter.api.Test;

class CampaignTurnTest {
    private static final long LENGTH = 100;
    private static final Input NOW = new Input.Campaign();
    private static final Input LATE = new Input.TimePassed();

    private final Campaigns campaigns = new Campaigns(1);
    private final Campaigns.Turn another = campaigns.newTurn(() -> {});
    private final CampaignTurn turn = new CampaignTurn(campaigns.newTurn(() -> {}), true, LENGTH);

    @Test
    void doesWhatItIsAskedWhenItsTurnComesAndOnlyOnce() {
        another.ask();
        assertThat(turn.ask(LATE, 0)).isEmpty();
        assertThat(turn.ask(NOW, 1)).as("it waits already").isEmpty();
        assertThat(turn.came(2)).contains(LATE);
        assertThat(turn.came(3)).isEmpty();
    }

    @Test
    void letsOthersGoOnWhenItIsOver() {
        assertThat(turn.ask(NOW, 0)).contains(NOW);
        turn.endIfOver(true, LENGTH - 1);
        assertThat(another.ask()).isFalse();
        turn.endIfOver(false, LENGTH - 1);
        assertThat(turn.ask(LATE, LENGTH)).as("the other has its turn").isEmpty();
    }

    @Test
    void letsOthersGoOnWhenItHearsNothing() {
        turn.ask(NOW, 0);
        turn.endIfOver(true, LENGTH);
        assertThat(another.ask()).isTrue();
    }

    @Test
    void theMetadatasNeverWaits() {
        another.ask();
        CampaignTurn metadata = new CampaignTurn(campaigns.newTurn(() -> {}), false, LENGTH);
        assertThat(metadata.ask(LATE, 0)).contains(LATE);
        assertThat(metadata.ask(NOW, 0)).contains(NOW);
    }
}
