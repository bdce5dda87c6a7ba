package io.millrace.client;

import io.millrace.protocol.Bytes;
import io.millrace.protocol.Partitioner;
import java.util.Collection;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** One topic's queues, and the choice among them for records that do not name a partition. */
final class TopicQueues {
    private final ConcurrentMap<Integer, PartitionQueue> queues = new ConcurrentHashMap<>();
    private final IntFunction<PartitionQueue> factory;
    private final long stickyBytesMax;
    private int stickyPartition;
    private long stickyBytes;

    /**
     * No queues yet.
     *
     * @param firstTurn any number: so that not every producer begins with partition 0
     * @param stickyBytesMax after so many bytes without a key, the next partition has its turn
     */
    TopicQueues(IntFunction<PartitionQueue> factory, int firstTurn, long stickyBytesMax) {
        this.factory = factory;
        this.stickyPartition = firstTurn & 0xffff;
        this.stickyBytesMax = stickyBytesMax;
    }

    PartitionQueue queue(int partition) {
        return queues.computeIfAbsent(partition, factory::apply);
    }

    Collection<PartitionQueue> all() {
        return queues.values();
    }

    /** As Kafka: by the key's hash; without a key, a batch's worth to one partition and then to the next. */
    int choosePartition(@Nullable Bytes key, long bytes, int partitions) {
        if (key != null) {
            return Partitioner.forKey(key, partitions);
        }
        synchronized (this) {
            if (stickyBytes > 0 && stickyBytes + bytes > stickyBytesMax) {
                stickyPartition++;
                stickyBytes = 0;
            }
            stickyBytes += bytes;
            return Math.floorMod(stickyPartition, partitions);
        }
    }
}
