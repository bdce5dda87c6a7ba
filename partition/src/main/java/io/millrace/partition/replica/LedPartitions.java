package io.millrace.partition.replica;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;

/** The partitions that one broker leads, each with what passes there. For any thread. */
public final class LedPartitions {
    private final Map<ReplicaId, LoadMeter> led = new ConcurrentHashMap<>();

    void leads(ReplicaId replica, LoadMeter meter) {
        led.put(replica, meter);
    }

    void leadsNoMore(ReplicaId replica) {
        led.remove(replica);
    }

    public int count() {
        return led.size();
    }

    public void forEach(BiConsumer<ReplicaId, LoadMeter> each) {
        led.forEach(each);
    }
}
