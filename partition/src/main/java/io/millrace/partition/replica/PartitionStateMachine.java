package io.millrace.partition.replica;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.StateMachine;
import io.millrace.partition.state.ProducerTable;
import java.util.List;

/** What a partition's entries come to beyond the messages that they are: who has written what last. */
public final class PartitionStateMachine implements StateMachine {
    private ProducerTable table = new ProducerTable();

    @Override
    public void apply(Entry entry) {
        ProducerBatches.in(List.of(entry))
                .forEach(logged -> table.appended(logged.index(), logged.batch(), logged.baseOffset()));
        table.committed(entry.index());
    }

    @Override
    public Payload snapshot() {
        return Payload.wrap(table.toBytes());
    }

    @Override
    public void restore(Payload snapshot) {
        table = tableIn(snapshot);
    }

    static ProducerTable tableIn(Payload snapshot) {
        return ProducerTable.fromBytes(snapshot.toByteArray());
    }
}
