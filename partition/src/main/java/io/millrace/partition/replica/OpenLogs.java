package io.millrace.partition.replica;

import io.millrace.partition.log.SegmentedLog;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;

/** The logs that are open on one broker, in the order of their replicas' names. For any thread. */
public final class OpenLogs {
    private final ConcurrentSkipListMap<String, OpenLog> logs = new ConcurrentSkipListMap<>();
    private final ReadAhead readAhead = new ReadAhead(ReadAhead.PLACES);

    /** @param damaged is told what of the log cannot be read any more; from any thread */
    record OpenLog(String replica, SegmentedLog log, Consumer<String> damaged) {}

    /** What those who read from them share. */
    ReadAhead readAhead() {
        return readAhead;
    }

    void opened(ReplicaId replica, SegmentedLog log, Consumer<String> damaged) {
        logs.put(replica.entityId(), new OpenLog(replica.entityId(), log, damaged));
    }

    void closed(ReplicaId replica) {
        logs.remove(replica.entityId());
    }

    /** The first after a name; empty if there is none. */
    Optional<OpenLog> after(String replica) {
        return Optional.ofNullable(logs.higherEntry(replica)).map(Map.Entry::getValue);
    }
}
