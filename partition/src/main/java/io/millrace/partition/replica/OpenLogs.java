package io.millrace.partition.replica;

import io.millrace.partition.log.SegmentedLog;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;

/** The logs that are open on one broker, in the order of their replicas' names. For any thread. */
public final class OpenLogs {
    private final ConcurrentSkipListMap<String, OpenLog> logs = new ConcurrentSkipListMap<>();
    private final ReadAhead readAhead = new ReadAhead(ReadAhead.PLACES);

    /** @param damaged is told what of the log cannot be read any more; from any thread */
    record OpenLog(String replica, String topic, SegmentedLog log, Consumer<String> damaged) {}

    /** What those who read from them share. */
    ReadAhead readAhead() {
        return readAhead;
    }

    void opened(ReplicaId replica, SegmentedLog log, Consumer<String> damaged) {
        logs.put(replica.entityId(), new OpenLog(replica.entityId(), replica.topic(), log, damaged));
    }

    void closed(ReplicaId replica) {
        logs.remove(replica.entityId());
    }

    /** The first after a name; empty if there is none. */
    Optional<OpenLog> after(String replica) {
        return Optional.ofNullable(logs.higherEntry(replica)).map(Map.Entry::getValue);
    }

    public int count() {
        return logs.size();
    }

    /** What the logs of each topic have on disk, without indexes and what is preallocated. */
    public Map<String, Long> sizeBytesByTopic() {
        Map<String, Long> sizes = new HashMap<>();
        logs.values().forEach(open -> sizes.merge(open.topic(), open.log().sizeBytes(), Long::sum));
        return sizes;
    }
}
