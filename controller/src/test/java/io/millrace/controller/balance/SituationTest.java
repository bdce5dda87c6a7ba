package io.millrace.controller.balance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SituationTest {
    private final SimulatedLeaders cluster = new SimulatedLeaders(3, 6, 3);

    @Test
    void whatIsLedAndHasEverythingIsNeitherUnderReplicatedNorWithoutLeader() {
        Situation situation = cluster.situation(id -> 0);

        assertThat(situation.withoutLeader()).isZero();
        assertThat(situation.underReplicated()).isZero();
    }

    @Test
    void whatNobodyLeadsIsUnderReplicatedToo() {
        cluster.leaders.remove(cluster.partitions().get(0));
        Situation situation = cluster.situation(id -> 0);

        assertThat(situation.withoutLeader()).isEqualTo(1);
        assertThat(situation.underReplicated()).isEqualTo(1);
    }
}
