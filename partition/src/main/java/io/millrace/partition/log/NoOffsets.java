package io.millrace.partition.log;

import io.millrace.partition.raft.Payload;

/** For groups, such as the metadata's, whose entries are commands and not records. */
enum NoOffsets implements OffsetReader {
    INSTANCE;

    @Override
    public long nextOffset(Payload data, long before) {
        return before;
    }

    @Override
    public long baseOffset(Payload data) {
        return 0;
    }

    @Override
    public long maxTimestamp(Payload data) {
        return NO_TIMESTAMP;
    }
}
