package io.millrace.controller;

import io.millrace.controller.metadata.Applied;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataResult;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.StateMachine;
import java.util.Optional;

/** The cluster's metadata as what the entries of its group come to. */
public final class MetadataStateMachine implements StateMachine {
    private ClusterMetadata metadata = ClusterMetadata.EMPTY;

    public ClusterMetadata metadata() {
        return metadata;
    }

    @Override
    public void apply(Entry entry) {
        resultOf(entry);
    }

    /** Takes the next entry; what came of it, if it is a command. */
    Optional<MetadataResult> resultOf(Entry entry) {
        if (entry.type() != EntryType.DATA) {
            metadata = metadata.skip(entry.index());
            return Optional.empty();
        }
        Applied applied = metadata.apply(entry.index(), MetadataCodec.decode(entry.payload()));
        metadata = applied.next();
        return Optional.of(applied.result());
    }

    @Override
    public Payload snapshot() {
        return MetadataCodec.encodeState(metadata);
    }

    @Override
    public void restore(Payload snapshot) {
        metadata = MetadataCodec.decodeState(snapshot);
    }
}
