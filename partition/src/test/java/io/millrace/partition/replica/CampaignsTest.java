package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CampaignsTest {
    private final List<String> granted = new ArrayList<>();

    private Campaigns.Turn turn(Campaigns campaigns, String name) {
        return campaigns.newTurn(() -> granted.add(name));
    }

    @Test
    void turnsComeInTheOrderOfAskingAndSoManyAtATime() {
        Campaigns campaigns = new Campaigns(2);
        Campaigns.Turn first = turn(campaigns, "first");
        Campaigns.Turn second = turn(campaigns, "second");
        Campaigns.Turn third = turn(campaigns, "third");
        Campaigns.Turn fourth = turn(campaigns, "fourth");
        assertThat(first.ask()).isTrue();
        assertThat(second.ask()).isTrue();
        assertThat(third.ask()).isFalse();
        assertThat(fourth.ask()).isFalse();

        second.end();
        assertThat(granted).containsExactly("third");
        second.end();
        assertThat(granted).as("it had none any more").hasSize(1);
        first.end();
        assertThat(granted).endsWith("fourth");
    }

    @Test
    void whoLeavesTheQueueIsPassedOver() {
        Campaigns campaigns = new Campaigns(1);
        Campaigns.Turn first = turn(campaigns, "first");
        Campaigns.Turn second = turn(campaigns, "second");
        first.ask();
        second.ask();
        turn(campaigns, "third").ask();
        second.end();
        first.end();
        assertThat(granted).containsExactly("third");
    }

    @Test
    void whoAsksAgainGivesBackWhatItHadAndWaitsBehindTheOthers() {
        Campaigns campaigns = new Campaigns(1);
        Campaigns.Turn first = turn(campaigns, "first");
        first.ask();
        turn(campaigns, "second").ask();
        assertThat(first.ask()).isFalse();
        assertThat(granted).containsExactly("second");
    }
}
