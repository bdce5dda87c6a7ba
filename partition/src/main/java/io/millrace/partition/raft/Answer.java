package io.millrace.partition.raft;

/** What comes of an {@link Input} that asks for something and may be refused. */
public sealed interface Answer {
    /** The change is in effect, and lasts once this entry is committed; until then a new leader may take it back. */
    record ChangeBegun(long index) implements Answer {}

    record ChangeRefused(ChangeRefusal reason) implements Answer {}

    /** It is over when this member leads no more, or {@link RaftCore#isTransferring} no more. */
    record TransferBegun() implements Answer {}

    record TransferRefused(TransferRefusal reason) implements Answer {}
}
