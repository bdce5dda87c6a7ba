package io.millrace.controller.balance;

import java.util.List;

/** All that a broker leads, busy or idle, and what passes there. Each report is complete: one that is lost does no harm. */
public record BrokerLoad(int brokerId, List<TopicLoad> topics) {
    public BrokerLoad {
        topics = List.copyOf(topics);
    }
}
