package io.millrace.broker.routing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BrokerProcessesTest {
    private final BrokerProcesses<String> processes = new BrokerProcesses<>();

    @Test
    void aBrokerCanBeReachedWhileOneOfItsProcessesCan() {
        processes.seen(2, "old", true);
        processes.seen(2, "new", true);
        processes.seen(2, "old", false);
        assertThat(processes.canBeReached(2)).isTrue();

        processes.seen(2, "new", false);
        assertThat(processes.canBeReached(2)).isFalse();
        assertThat(processes.hasAny(2)).isTrue();
        assertThat(processes.canBeReached(1)).isFalse();
    }

    @Test
    void aProcessThatLeavesDoesNotTakeAnotherOfTheSameIdAlong() {
        processes.seen(2, "a", true);
        processes.seen(2, "b", true);
        processes.left(2, "b");
        assertThat(processes.canBeReached(2)).isTrue();

        processes.left(2, "a");
        processes.left(3, "never seen");
        assertThat(processes.hasAny(2)).isFalse();
        assertThat(processes.canBeReached(2)).isFalse();
    }
}
