package io.millrace.partition.raft;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What must be done after a step, in this order: {@link #hardState} is made durable; then everything else. The log
 * change may run while messages are sent: only {@link Input.Durable} makes it count.
 *
 * @param hardState to be on disk before anything below happens
 * @param install drop the whole log; it begins anew after this snapshot. Nothing else comes with it but messages
 * @param truncateFrom cut this entry and all after it, before {@link #append}
 * @param append write at the end of the log, in order
 * @param messages to send
 * @param replicate entries to read and send
 * @param sendSnapshot pieces of the snapshot before the log to read and send
 * @param trimTo the log may be trimmed up to here, in the state machine's good time: then step with {@link Input.Trimmed}
 * @param committed the commit index moved here
 * @param reads questions that are answered now
 * @param roleChange role, term or leader are new
 * @param answer to what was asked with this input
 * @param deadlineMillis when to step with {@link Input.TimePassed} at the latest; {@link Long#MAX_VALUE}: never
 */
public record Output(
        Optional<HardState> hardState,
        Optional<Snapshot> install,
        OptionalLong truncateFrom,
        List<Entry> append,
        List<Message> messages,
        List<Replicate> replicate,
        List<SendSnapshot> sendSnapshot,
        OptionalLong trimTo,
        OptionalLong committed,
        List<ReadAnswer> reads,
        Optional<RoleChange> roleChange,
        Optional<Answer> answer,
        long deadlineMillis) {

    /**
     * Read entries from {@code firstIndex} to at most {@code lastIndex} and {@code maxBytes} (at least one entry), send
     * them to {@code to} as an {@link Message.AppendRequest} made by {@link RaftCore#appendRequest}, then step with
     * {@link Input.Sent}. One at a time is asked for each member.
     */
    public record Replicate(
            NodeId to, long term, LogPosition previous, long firstIndex, long lastIndex, int maxBytes) {}

    /**
     * Read the snapshot at {@code position}, where the log begins, send a piece of it to {@code to} as a {@link
     * Message.InstallSnapshot} made by {@link RaftCore#installSnapshot}, then step with {@link Input.SnapshotSent}. One
     * read, of this or of entries, is asked for at a time for each member.
     */
    public record SendSnapshot(NodeId to, long term, LogPosition position, int offset) {}

    /** Of {@link Input.ReadIndex}. */
    public record ReadAnswer(long readId, ReadOutcome outcome) {}

    /**
     * @param leader of {@code term}, as far as this member knows
     * @param lastIndex the end of the log at that moment; for a new leader, the index of its no-op
     */
    public record RoleChange(Role role, long term, Optional<NodeId> leader, long lastIndex) {}

    /** Collects one step's output. */
    static final class Builder {
        private Optional<HardState> hardState = Optional.empty();
        private Optional<Snapshot> install = Optional.empty();
        private OptionalLong truncateFrom = OptionalLong.empty();
        private List<Entry> append = List.of();
        private List<Message> messages = List.of();
        private List<Replicate> replicate = List.of();
        private List<SendSnapshot> sendSnapshot = List.of();
        private OptionalLong trimTo = OptionalLong.empty();
        private OptionalLong committed = OptionalLong.empty();
        private Optional<Answer> answer = Optional.empty();
        private List<ReadAnswer> reads = List.of();

        void persist(HardState state) {
            hardState = Optional.of(state);
        }

        void install(Snapshot snapshot) {
            install = Optional.of(snapshot);
        }

        void truncateFrom(long index) {
            truncateFrom = OptionalLong.of(index);
        }

        void append(List<Entry> entries) {
            append = append.isEmpty() ? entries : joined(append, entries);
        }

        void send(Message message) {
            messages = messages.isEmpty() ? new ArrayList<>(4) : messages;
            messages.add(message);
        }

        void replicate(Replicate request) {
            replicate = replicate.isEmpty() ? new ArrayList<>(4) : replicate;
            replicate.add(request);
        }

        void sendSnapshot(SendSnapshot request) {
            sendSnapshot = sendSnapshot.isEmpty() ? new ArrayList<>(4) : sendSnapshot;
            sendSnapshot.add(request);
        }

        void trimTo(long index) {
            trimTo = OptionalLong.of(index);
        }

        void answer(Answer given) {
            answer = Optional.of(given);
        }

        void committed(long index) {
            committed = OptionalLong.of(index);
        }

        void readAnswered(long readId, ReadOutcome outcome) {
            reads = reads.isEmpty() ? new ArrayList<>(4) : reads;
            reads.add(new ReadAnswer(readId, outcome));
        }

        Output build(Optional<RoleChange> roleChange, long deadlineMillis) {
            return new Output(
                    hardState,
                    install,
                    truncateFrom,
                    append,
                    messages,
                    replicate,
                    sendSnapshot,
                    trimTo,
                    committed,
                    reads,
                    roleChange,
                    answer,
                    deadlineMillis);
        }

        private static List<Entry> joined(List<Entry> first, List<Entry> second) {
            List<Entry> both = new ArrayList<>(first.size() + second.size());
            both.addAll(first);
            both.addAll(second);
            return both;
        }
    }
}
