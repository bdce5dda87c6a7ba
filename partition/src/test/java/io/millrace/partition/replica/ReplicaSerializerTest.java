package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.ExtendedActorSystem;
import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.SerializationExtension;
import akka.serialization.Serializer;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.raft.ReadOutcome;
import io.millrace.partition.raft.SnapshotId;
import io.millrace.partition.replica.ReplicaMessage.PeerMessage;
import io.millrace.partition.state.DuplicateRecord;
import io.millrace.partition.state.ProducerBatch;
import io.millrace.partition.state.SequenceVerdict;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ReplicaSerializerTest {
    private static ActorTestKit kit;

    @BeforeAll
    static void startSystem() {
        kit = ActorTestKit.create("serializer", ReplicaGroup.CONFIG);
    }

    @AfterAll
    static void stopSystem() {
        kit.shutdownTestKit();
    }

    private static List<Message> raftMessages() {
        NodeId one = new NodeId(1);
        NodeId two = new NodeId(2);
        LogPosition position = new LogPosition(Long.MAX_VALUE - 5, 3);
        SnapshotId snapshot = new SnapshotId(position, 170_000, -9);
        return List.of(
                new Message.PreVoteRequest(one, two, 4, position),
                new Message.PreVoteResponse(one, two, 4, true),
                new Message.VoteRequest(one, two, 4, position),
                new Message.VoteRequest(one, two, 4, position, true),
                new Message.TimeoutNow(one, two, 4),
                new Message.VoteResponse(one, two, 4, false),
                new Message.Quiesce(one, two, 4, position),
                new Message.LeadershipProbe(one, two, 4, 9),
                new Message.LeadershipConfirmed(one, two, 4, 9, 77),
                new Message.RebuildRequest(one, two, 4, 77),
                new Message.ReadIndexRequest(one, two, 4, -7),
                new Message.ReadIndexResponse(one, two, 4, -7, new ReadOutcome.Ready(12)),
                new Message.ReadIndexResponse(one, two, 4, -7, new ReadOutcome.Refused(ReadOutcome.Reason.OVERLOADED)),
                new Message.AppendRequest(
                        one,
                        two,
                        4,
                        new LogPosition(7, 2),
                        List.of(
                                new Entry(8, 3, EntryType.NOOP, Payload.EMPTY),
                                new Entry(9, 4, EntryType.DATA, Payload.wrap(new byte[] {0, 1, 2, 3, 4}, 1, 3))),
                        6),
                new Message.AppendRequest(one, two, 4, LogPosition.ZERO, List.of(), 0),
                new Message.InstallSnapshot(one, two, 4, snapshot, 70_000, Payload.wrap(new byte[100_000], 5, 90_000)),
                new Message.InstallSnapshot(one, two, 4, snapshot, 170_000, Payload.EMPTY),
                new Message.SnapshotReceived(one, two, 4, snapshot, 70_000, 77),
                new Message.AppendAccepted(one, two, 4, 9, -3),
                new Message.AppendAccepted(one, two, 4, 9, -3, false),
                new Message.AppendRejected(one, two, 4, 9, position, 77));
    }

    private static PartitionReply refused(SequenceVerdict verdict) {
        return new PartitionReply.SequenceRefused(1, new ProducerBatch(2, (short) 3, 4, 5), verdict);
    }

    private static List<Object> messages() {
        TestProbe<PartitionReply> replies = kit.createTestProbe();
        TestProbe<PeerMessage> peers = kit.createTestProbe();
        Payload payload = Payload.wrap(new byte[100_000]);
        List<Object> all = new java.util.ArrayList<>(List.of(
                ReplicaMessage.Open.INSTANCE,
                new PartitionCommand.Produce(1, payload, 3, replies.getRef()),
                new PartitionCommand.Produce(1, payload, 3, Payload.wrap(new byte[48]), replies.getRef()),
                new PartitionCommand.Fetch(2, 3, 4, 5, 6, replies.getRef()),
                new PartitionCommand.Fetch(2, 3, 4, 5, 6, new ReadMode(true, false), replies.getRef()),
                new PartitionCommand.Fetch(2, 3, 4, 5, 6, new ReadMode(true, true), replies.getRef()),
                new PartitionCommand.AbandonFetch(2, replies.getRef()),
                new PartitionCommand.GetOffsets(3, replies.getRef()),
                new PartitionCommand.GetOffsets(3, OptionalLong.of(7), new ReadMode(false, true), replies.getRef()),
                new PartitionCommand.GetStatus(4, replies.getRef()),
                new PartitionCommand.TransferLeadership(4, OptionalInt.empty(), replies.getRef()),
                new PartitionCommand.TransferLeadership(4, OptionalInt.of(2), replies.getRef()),
                new PartitionReply.HandedOver(4, 2),
                new PartitionReply.NotHandedOver(4, TransferFailure.NOBODY),
                new PartitionCommand.Coordinate(5, payload, 6, replies.getRef()),
                new PartitionReply.Coordinated(5, payload),
                new PartitionReply.Produced(1, 2, 3, false),
                new PartitionReply.Produced(1, 2, 3, true),
                new PartitionReply.Produced(
                        1, -1, 200, true, Collections.nCopies(200, new DuplicateRecord(7, 1L << 40))),
                refused(SequenceVerdict.UnknownProducer.UNKNOWN_PRODUCER),
                refused(SequenceVerdict.DuplicateTooOld.DUPLICATE_TOO_OLD),
                refused(new SequenceVerdict.Fenced((short) 7)),
                refused(new SequenceVerdict.OutOfOrder(17)),
                new PartitionReply.Fetched(1, payload, 2, 3),
                new PartitionReply.Offsets(1, 2, 3, Optional.empty()),
                new PartitionReply.Offsets(1, 2, 3, Optional.of(new TimedOffset(4, 5))),
                new PartitionReply.Status(
                        1, PartitionStatus.notRunning(new ReplicaId("a", 2, 3, 4), "FAILED", "disk", 5)),
                new PartitionReply.NotLeader(1, OptionalInt.empty()),
                new PartitionReply.NotLeader(1, OptionalInt.of(2)),
                new PartitionReply.OffsetOutOfRange(1, 2, 3),
                new PartitionReply.Overloaded(1, 2),
                new PartitionReply.OutcomeUnknown(1),
                new PartitionReply.DiskFull(2),
                new PartitionReply.NotEnoughReplicas(2, 1, 3),
                new PartitionReply.ReplicaFailed(1, "kaputt: ü")));
        raftMessages().forEach(message -> all.add(new PeerMessage("cluster-ü", peers.getRef(), message)));
        return all;
    }

    @Test
    void everyMessageComesBackAsItWas() throws NotSerializableException {
        var serialization = SerializationExtension.get(Adapter.toClassic(kit.system()));
        for (Object message : messages()) {
            Serializer serializer = serialization.serializerFor(message.getClass());
            byte[] bytes = serialization.serialize(message).get();
            String manifest = akka.serialization.Serializers.manifestFor(serializer, message);
            Object back = serialization
                    .deserialize(bytes, serializer.identifier(), manifest)
                    .get();
            assertThat(back).isEqualTo(message);
        }
    }

    /** Artery's buffers are little-endian; a message wrapped in another goes through plain arrays. */
    @Test
    void theOrderOfTheBufferDoesNotMatter() throws NotSerializableException {
        ReplicaSerializer serializer = new ReplicaSerializer((ExtendedActorSystem) Adapter.toClassic(kit.system()));
        for (Object message : messages()) {
            if (message instanceof PartitionReply.Status) {
                continue; // Jackson's
            }
            ByteBuffer buffer = ByteBuffer.allocate(200_000).order(ByteOrder.LITTLE_ENDIAN);
            serializer.toBinary(message, buffer);
            assertThat(buffer.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
            byte[] written = Arrays.copyOf(buffer.array(), buffer.position());
            assertThat(written).isEqualTo(serializer.toBinary(message));
            assertThat(serializer.fromBinary(buffer.flip(), serializer.manifest(message)))
                    .isEqualTo(message);
        }
    }

    @Test
    void noKindOfMessageWasForgotten() {
        Set<Class<?>> tested = new HashSet<>();
        messages().forEach(message -> tested.add(message.getClass()));
        raftMessages().forEach(message -> tested.add(message.getClass()));
        Set<Class<?>> all = new HashSet<>();
        all.addAll(Arrays.asList(PartitionCommand.class.getPermittedSubclasses()));
        all.addAll(Arrays.asList(PartitionReply.class.getPermittedSubclasses()));
        all.addAll(Arrays.asList(Message.class.getPermittedSubclasses()));
        all.remove(PartitionCommand.Local.class);
        assertThat(tested).containsAll(all);
    }

    @Test
    void cutOffMessagesAreRefusedAndNothingElseIsThrown() {
        ReplicaSerializer serializer = new ReplicaSerializer((ExtendedActorSystem) Adapter.toClassic(kit.system()));
        for (Object message : messages()) {
            if (message instanceof PartitionReply.Status || message instanceof ReplicaMessage.Open) {
                continue;
            }
            byte[] bytes = serializer.toBinary(message);
            for (int length = 0; length < Math.min(bytes.length, 400); length++) {
                ByteBuffer cut = ByteBuffer.wrap(bytes, 0, length);
                assertThatThrownBy(() -> serializer.fromBinary(cut, serializer.manifest(message)))
                        .isInstanceOf(NotSerializableException.class);
            }
        }
    }
}
