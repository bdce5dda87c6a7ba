package io.millrace.client;

import io.millrace.protocol.TopicPartition;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Hears what became of a commit, on one of the client's threads. */
@FunctionalInterface
public interface CommitCallback {
    /**
     * Called once.
     *
     * @param offsets that were to be committed
     * @param failure null if they all were
     */
    void completed(Map<TopicPartition, Long> offsets, @Nullable MillraceException failure);
}
