package io.millrace.broker.load;

import io.millrace.controller.balance.BrokerLoad;
import io.millrace.controller.balance.PartitionLoad;
import io.millrace.controller.balance.TopicLoad;
import io.millrace.partition.replica.LedPartitions;
import io.millrace.partition.replica.LoadMeter;
import io.millrace.partition.replica.ReplicaId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Makes rates of what has been counted in each partition that is led here. */
public final class LoadRates {
    private final int brokerId;
    private Map<ReplicaId, Counted> counted = new HashMap<>();

    public LoadRates(int brokerId) {
        this.brokerId = brokerId;
    }

    /** Of one partition, since it is led here. */
    private static final class Counted {
        private final MovingRate in = new MovingRate();
        private final MovingRate out = new MovingRate();
        private final MovingRate calls = new MovingRate();
        private long bytesIn;
        private long bytesOut;
        private long requests;
        private long atNanos;

        Counted(LoadMeter meter, long nowNanos) {
            remember(meter, nowNanos);
        }

        private void remember(LoadMeter meter, long nowNanos) {
            bytesIn = meter.bytesIn();
            bytesOut = meter.bytesOut();
            requests = meter.requests();
            atNanos = nowNanos;
        }

        void count(LoadMeter meter, long nowNanos) {
            double seconds = (nowNanos - atNanos) / 1e9;
            if (seconds > 0) {
                in.add(meter.bytesIn() - bytesIn, seconds);
                out.add(meter.bytesOut() - bytesOut, seconds);
                calls.add(meter.requests() - requests, seconds);
                remember(meter, nowNanos);
            }
        }
    }

    /**
     * What is led here now, and what has passed there since the calls before.
     *
     * @param nowNanos by a clock that does not go back
     */
    public BrokerLoad sample(LedPartitions led, long nowNanos) {
        Map<ReplicaId, Counted> still = new HashMap<>();
        Map<Long, List<PartitionLoad>> byTopic = new TreeMap<>();
        led.forEach((replica, meter) -> {
            Counted known = counted.get(replica);
            Counted rates = known == null ? new Counted(meter, nowNanos) : known;
            rates.count(meter, nowNanos);
            still.put(replica, rates);
            byTopic.computeIfAbsent(replica.topicId(), topic -> new ArrayList<>())
                    .add(new PartitionLoad(
                            replica.partition(),
                            meter.sizeBytes(),
                            meter.behind(),
                            Math.round(rates.in.perSecond()),
                            Math.round(rates.out.perSecond()),
                            Math.round(rates.calls.perSecond())));
        });
        counted = still;
        List<TopicLoad> topics = new ArrayList<>();
        byTopic.forEach((topic, partitions) -> topics.add(new TopicLoad(topic, partitions)));
        return new BrokerLoad(brokerId, topics);
    }
}
