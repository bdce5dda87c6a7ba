package io.millrace.controller.balance;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What the balancer must remember from cycle to cycle. A controller that begins knows nothing of it, and takes all brokers for
 * having just come.
 *
 * @param balancing whether the last cycle left brokers uneven
 * @param brokersChangedMillis when a broker came or went
 * @param lastMoveMillis when leadership was last moved; reports from before do not tell how things are
 * @param movedMillis when partitions were moved, for as long as they are to stay
 */
public record BalanceHistory(
        boolean balancing, long brokersChangedMillis, long lastMoveMillis, Map<PartitionId, Long> movedMillis) {
    public BalanceHistory {
        movedMillis = Map.copyOf(movedMillis);
    }

    public static BalanceHistory begunAt(long nowMillis) {
        return new BalanceHistory(false, nowMillis, Long.MIN_VALUE, Map.of());
    }

    public BalanceHistory withBrokersChanged(long nowMillis) {
        return new BalanceHistory(balancing, nowMillis, lastMoveMillis, movedMillis);
    }

    public BalanceHistory withMoved(PartitionId partition, long nowMillis) {
        Map<PartitionId, Long> more = new HashMap<>(movedMillis);
        more.put(partition, nowMillis);
        return new BalanceHistory(balancing, brokersChangedMillis, nowMillis, more);
    }

    BalanceHistory after(boolean uneven, long forgottenBeforeMillis) {
        Map<PartitionId, Long> kept = movedMillis.entrySet().stream()
                .filter(moved -> moved.getValue() > forgottenBeforeMillis)
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        return new BalanceHistory(uneven, brokersChangedMillis, lastMoveMillis, kept);
    }

    boolean stays(PartitionId partition, long forgottenBeforeMillis) {
        Long moved = movedMillis.get(partition);
        return moved != null && moved > forgottenBeforeMillis;
    }
}
