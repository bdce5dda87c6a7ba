package io.millrace.controller.balance;

import java.util.List;

/** What one broker leads of a topic. */
public record TopicLoad(long topicId, List<PartitionLoad> led) {
    public TopicLoad {
        led = List.copyOf(led);
    }
}
