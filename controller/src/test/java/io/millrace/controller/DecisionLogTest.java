package io.millrace.controller;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.TestInbox;
import java.util.List;
import org.junit.jupiter.api.Test;

class DecisionLogTest {
    @Test
    void aMoveThatIsUndoneIsToldAsOne() {
        assertThat(DecisionLog.describe(new ControllerCommand.ReassignPartitions(
                        List.of(
                                new ControllerCommand.Destination("orders", 0, List.of(1, 4)),
                                new ControllerCommand.Destination("orders", 1, List.of())),
                        false,
                        1,
                        TestInbox.<ControllerReply>create().getRef())))
                .isEqualTo("move orders-0 to [1, 4], orders-1 back");
    }
}
