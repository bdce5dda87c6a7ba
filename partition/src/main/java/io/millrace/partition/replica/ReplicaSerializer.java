package io.millrace.partition.replica;

import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorRef;
import akka.actor.typed.ActorRefResolver;
import akka.actor.typed.javadsl.Adapter;
import akka.serialization.ByteBufferSerializer;
import akka.serialization.SerializerWithStringManifest;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.ReplicaMessage.PeerMessage;
import io.millrace.partition.state.DuplicateRecord;
import io.millrace.partition.state.ProducerBatch;
import io.millrace.partition.state.SequenceVerdict;
import java.io.NotSerializableException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Writes what carries records or is said often – peer messages, produce, fetch and their answers – straight into Artery's
 * buffers. Payloads are copied once on each side.
 *
 * <p>A format change needs a new manifest: brokers of two versions talk during a rolling upgrade.
 */
public final class ReplicaSerializer extends SerializerWithStringManifest implements ByteBufferSerializer {
    private static final String PEER = "P";
    private static final String PRODUCE = "p";
    private static final String PRODUCE_HASHED = "ph";
    private static final String FETCH = "f2";
    private static final String ABANDON_FETCH = "fa";
    private static final String GET_OFFSETS = "o2";
    private static final String GET_STATUS = "s";
    private static final String COORDINATE = "c";
    private static final String TRANSFER = "t";
    private static final String PRODUCED = "rp2";
    private static final String PRODUCED_IN_PART = "rp3";
    private static final String SEQUENCE_REFUSED = "rs";
    private static final String FETCHED = "rf";
    private static final String OFFSETS = "ro2";
    private static final String COORDINATED = "rc";
    private static final String HANDED_OVER = "rt";
    private static final String NOT_HANDED_OVER = "rtn";
    private static final String NOT_LEADER = "rn";
    private static final String OUT_OF_RANGE = "rr";
    private static final String OVERLOADED = "rl";
    private static final String DISK_FULL = "rd";
    private static final String NOT_ENOUGH_REPLICAS = "ri";
    private static final String OUTCOME_UNKNOWN = "ru";
    private static final String FAILED = "rx";
    private static final String OPEN = "O";

    private static final int DUPLICATE_BYTES = Integer.BYTES + Long.BYTES;

    private final ActorRefResolver refs;

    public ReplicaSerializer(ExtendedActorSystem system) {
        this.refs = ActorRefResolver.get(Adapter.toTyped(system));
    }

    @Override
    public int identifier() {
        return 7_201;
    }

    @Override
    public String manifest(Object message) {
        if (message instanceof PeerMessage) {
            return PEER;
        } else if (message instanceof PartitionCommand.Produce produce) {
            return produce.hashes().sizeBytes() == 0 ? PRODUCE : PRODUCE_HASHED;
        } else if (message instanceof PartitionCommand.Fetch) {
            return FETCH;
        } else if (message instanceof PartitionCommand.AbandonFetch) {
            return ABANDON_FETCH;
        } else if (message instanceof PartitionReply.Produced produced) {
            return produced.duplicates().isEmpty() ? PRODUCED : PRODUCED_IN_PART;
        } else if (message instanceof PartitionReply.SequenceRefused) {
            return SEQUENCE_REFUSED;
        } else if (message instanceof PartitionReply.Fetched) {
            return FETCHED;
        } else if (message instanceof PartitionCommand.GetOffsets) {
            return GET_OFFSETS;
        } else if (message instanceof PartitionCommand.GetStatus) {
            return GET_STATUS;
        } else if (message instanceof PartitionReply.Offsets) {
            return OFFSETS;
        } else if (message instanceof PartitionCommand.Coordinate) {
            return COORDINATE;
        } else if (message instanceof PartitionReply.Coordinated) {
            return COORDINATED;
        } else if (message instanceof PartitionCommand.TransferLeadership) {
            return TRANSFER;
        } else if (message instanceof PartitionReply.HandedOver) {
            return HANDED_OVER;
        } else if (message instanceof PartitionReply.NotHandedOver) {
            return NOT_HANDED_OVER;
        } else if (message instanceof PartitionReply.NotLeader) {
            return NOT_LEADER;
        } else if (message instanceof PartitionReply.OffsetOutOfRange) {
            return OUT_OF_RANGE;
        } else if (message instanceof PartitionReply.Overloaded) {
            return OVERLOADED;
        } else if (message instanceof PartitionReply.DiskFull) {
            return DISK_FULL;
        } else if (message instanceof PartitionReply.NotEnoughReplicas) {
            return NOT_ENOUGH_REPLICAS;
        } else if (message instanceof PartitionReply.OutcomeUnknown) {
            return OUTCOME_UNKNOWN;
        } else if (message instanceof PartitionReply.ReplicaFailed) {
            return FAILED;
        } else if (message instanceof ReplicaMessage.Open) {
            return OPEN;
        }
        throw new IllegalArgumentException("not for this serializer: " + message.getClass());
    }

    @Override
    public byte[] toBinary(Object message) {
        ByteBuffer buffer = ByteBuffer.allocate(sizeBound(message));
        toBinary(message, buffer);
        return Arrays.copyOf(buffer.array(), buffer.position());
    }

    private int sizeBound(Object message) {
        int fixed = 1_024;
        if (message instanceof PeerMessage peer) {
            return fixed
                    + RaftMessageCodec.sizeBound(peer.message())
                    + 3 * peer.clusterId().length();
        } else if (message instanceof PartitionCommand.Produce produce) {
            return fixed + produce.sizeBytes();
        } else if (message instanceof PartitionReply.Produced produced) {
            return fixed + DUPLICATE_BYTES * produced.duplicates().size();
        } else if (message instanceof PartitionReply.Fetched fetched) {
            return fixed + fetched.batches().sizeBytes();
        } else if (message instanceof PartitionCommand.Coordinate coordinate) {
            return fixed + coordinate.request().sizeBytes();
        } else if (message instanceof PartitionReply.Coordinated coordinated) {
            return fixed + coordinated.answer().sizeBytes();
        } else if (message instanceof PartitionReply.ReplicaFailed failed) {
            return fixed + 3 * failed.problem().length();
        }
        return fixed;
    }

    /** In big-endian order, whatever order the buffer comes in: Artery's are little-endian, those of wrapped messages not. */
    @Override
    public void toBinary(Object message, ByteBuffer to) {
        ByteOrder order = to.order();
        try {
            write(message, to.order(ByteOrder.BIG_ENDIAN));
        } finally {
            to.order(order);
        }
    }

    private void write(Object message, ByteBuffer to) {
        if (message instanceof PeerMessage peer) {
            putString(to, peer.clusterId());
            putRef(to, peer.sender());
            RaftMessageCodec.write(peer.message(), to);
        } else if (message instanceof PartitionCommand.Produce produce) {
            to.putLong(produce.requestId()).putInt(produce.recordCount());
            putRef(to, produce.replyTo());
            putPayload(to, produce.batches());
            if (produce.hashes().sizeBytes() > 0) {
                putPayload(to, produce.hashes());
            }
        } else if (message instanceof PartitionCommand.Fetch fetch) {
            to.putLong(fetch.requestId()).putLong(fetch.offset()).putInt(fetch.maxBytes());
            to.putInt(fetch.minBytes()).putLong(fetch.maxWaitMillis());
            to.put(fetch.mode().code());
            putRef(to, fetch.replyTo());
        } else if (message instanceof PartitionCommand.AbandonFetch abandon) {
            to.putLong(abandon.requestId());
            putRef(to, abandon.replyTo());
        } else if (message instanceof PartitionReply.Produced produced) {
            to.putLong(produced.requestId()).putLong(produced.baseOffset()).putInt(produced.recordCount());
            to.put((byte) (produced.repeated() ? 1 : 0));
            if (!produced.duplicates().isEmpty()) {
                putDuplicates(to, produced.duplicates());
            }
        } else if (message instanceof PartitionReply.SequenceRefused refused) {
            to.putLong(refused.requestId());
            putProducerBatch(to, refused.batch());
            putVerdict(to, refused.verdict());
        } else if (message instanceof PartitionReply.Fetched fetched) {
            to.putLong(fetched.requestId()).putLong(fetched.logStartOffset()).putLong(fetched.highWatermark());
            putPayload(to, fetched.batches());
        } else if (message instanceof PartitionCommand.GetOffsets get) {
            to.putLong(get.requestId()).put(get.mode().code());
            putOptional(to, get.timestampMillis());
            putRef(to, get.replyTo());
        } else if (message instanceof PartitionCommand.GetStatus get) {
            to.putLong(get.requestId());
            putRef(to, get.replyTo());
        } else if (message instanceof PartitionReply.Offsets offsets) {
            to.putLong(offsets.requestId()).putLong(offsets.logStartOffset()).putLong(offsets.highWatermark());
            TimedOffset found = offsets.atTimestamp().orElse(null);
            to.put((byte) (found == null ? 0 : 1));
            if (found != null) {
                to.putLong(found.offset()).putLong(found.timestampMillis());
            }
        } else if (message instanceof PartitionCommand.Coordinate coordinate) {
            to.putLong(coordinate.requestId()).putLong(coordinate.maxWaitMillis());
            putRef(to, coordinate.replyTo());
            putPayload(to, coordinate.request());
        } else if (message instanceof PartitionReply.Coordinated coordinated) {
            to.putLong(coordinated.requestId());
            putPayload(to, coordinated.answer());
        } else if (message instanceof PartitionCommand.TransferLeadership transfer) {
            to.putLong(transfer.requestId());
            putBroker(to, transfer.target());
            putRef(to, transfer.replyTo());
        } else if (message instanceof PartitionReply.HandedOver done) {
            to.putLong(done.requestId()).putInt(done.broker());
        } else if (message instanceof PartitionReply.NotHandedOver not) {
            to.putLong(not.requestId());
            putString(to, not.why().name());
        } else if (message instanceof PartitionReply.NotLeader not) {
            to.putLong(not.requestId());
            putBroker(to, not.leader());
        } else if (message instanceof PartitionReply.OffsetOutOfRange out) {
            to.putLong(out.requestId()).putLong(out.earliest()).putLong(out.latest());
        } else if (message instanceof PartitionReply.Overloaded overloaded) {
            to.putLong(overloaded.requestId()).putLong(overloaded.limitBytes());
        } else if (message instanceof PartitionReply.DiskFull full) {
            to.putLong(full.requestId());
        } else if (message instanceof PartitionReply.NotEnoughReplicas few) {
            to.putLong(few.requestId()).putInt(few.inSync()).putInt(few.required());
        } else if (message instanceof PartitionReply.OutcomeUnknown unknown) {
            to.putLong(unknown.requestId());
        } else if (message instanceof PartitionReply.ReplicaFailed failed) {
            to.putLong(failed.requestId());
            putString(to, failed.problem());
        } else if (!(message instanceof ReplicaMessage.Open)) {
            throw new IllegalArgumentException("not for this serializer: " + message.getClass());
        }
    }

    @Override
    public Object fromBinary(byte[] bytes, String manifest) throws NotSerializableException {
        return fromBinary(ByteBuffer.wrap(bytes), manifest);
    }

    @Override
    public Object fromBinary(ByteBuffer from, String manifest) throws NotSerializableException {
        ByteOrder order = from.order();
        try {
            return read(from.order(ByteOrder.BIG_ENDIAN), manifest);
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw new NotSerializableException("malformed message " + manifest + ": " + e);
        } finally {
            from.order(order);
        }
    }

    private Object read(ByteBuffer from, String manifest) throws NotSerializableException {
        if (manifest.equals(PEER)) {
            String clusterId = getString(from);
            ActorRef<PeerMessage> sender = getRef(from);
            return new PeerMessage(clusterId, sender, RaftMessageCodec.read(from));
        } else if (manifest.equals(OPEN)) {
            return ReplicaMessage.Open.INSTANCE;
        }
        long id = from.getLong();
        switch (manifest) {
            case PRODUCE, PRODUCE_HASHED -> {
                int records = from.getInt();
                ActorRef<PartitionReply> replyTo = getRef(from);
                Payload batches = getPayload(from);
                Payload hashes = manifest.equals(PRODUCE) ? Payload.EMPTY : getPayload(from);
                return new PartitionCommand.Produce(id, batches, records, hashes, replyTo);
            }
            case FETCH -> {
                return new PartitionCommand.Fetch(
                        id,
                        from.getLong(),
                        from.getInt(),
                        from.getInt(),
                        from.getLong(),
                        ReadMode.ofCode(from.get()),
                        getRef(from));
            }
            case ABANDON_FETCH -> {
                return new PartitionCommand.AbandonFetch(id, getRef(from));
            }
            case GET_OFFSETS -> {
                ReadMode mode = ReadMode.ofCode(from.get());
                return new PartitionCommand.GetOffsets(id, getOptional(from), mode, getRef(from));
            }
            case GET_STATUS -> {
                return new PartitionCommand.GetStatus(id, getRef(from));
            }
            case PRODUCED -> {
                return new PartitionReply.Produced(id, from.getLong(), from.getInt(), from.get() != 0);
            }
            case PRODUCED_IN_PART -> {
                return new PartitionReply.Produced(
                        id, from.getLong(), from.getInt(), from.get() != 0, getDuplicates(from));
            }
            case SEQUENCE_REFUSED -> {
                return new PartitionReply.SequenceRefused(id, getProducerBatch(from), getVerdict(from));
            }
            case FETCHED -> {
                long logStartOffset = from.getLong();
                long highWatermark = from.getLong();
                return new PartitionReply.Fetched(id, getPayload(from), logStartOffset, highWatermark);
            }
            case OFFSETS -> {
                long logStartOffset = from.getLong();
                long highWatermark = from.getLong();
                Optional<TimedOffset> found = from.get() == 0
                        ? Optional.empty()
                        : Optional.of(new TimedOffset(from.getLong(), from.getLong()));
                return new PartitionReply.Offsets(id, logStartOffset, highWatermark, found);
            }
            case COORDINATE -> {
                long maxWaitMillis = from.getLong();
                ActorRef<PartitionReply> replyTo = getRef(from);
                return new PartitionCommand.Coordinate(id, getPayload(from), maxWaitMillis, replyTo);
            }
            case COORDINATED -> {
                return new PartitionReply.Coordinated(id, getPayload(from));
            }
            case TRANSFER -> {
                return new PartitionCommand.TransferLeadership(id, getBroker(from), getRef(from));
            }
            case HANDED_OVER -> {
                return new PartitionReply.HandedOver(id, from.getInt());
            }
            case NOT_HANDED_OVER -> {
                return new PartitionReply.NotHandedOver(id, TransferFailure.valueOf(getString(from)));
            }
            case NOT_LEADER -> {
                return new PartitionReply.NotLeader(id, getBroker(from));
            }
            case OUT_OF_RANGE -> {
                return new PartitionReply.OffsetOutOfRange(id, from.getLong(), from.getLong());
            }
            case OVERLOADED -> {
                return new PartitionReply.Overloaded(id, from.getLong());
            }
            case DISK_FULL -> {
                return new PartitionReply.DiskFull(id);
            }
            case NOT_ENOUGH_REPLICAS -> {
                return new PartitionReply.NotEnoughReplicas(id, from.getInt(), from.getInt());
            }
            case OUTCOME_UNKNOWN -> {
                return new PartitionReply.OutcomeUnknown(id);
            }
            case FAILED -> {
                return new PartitionReply.ReplicaFailed(id, getString(from));
            }
            default -> throw new NotSerializableException("unknown manifest " + manifest);
        }
    }

    private void putRef(ByteBuffer to, ActorRef<?> ref) {
        putString(to, refs.toSerializationFormat(ref));
    }

    private <T> ActorRef<T> getRef(ByteBuffer from) {
        return refs.resolveActorRef(getString(from));
    }

    private static void putProducerBatch(ByteBuffer to, ProducerBatch batch) {
        to.putLong(batch.producerId()).putShort(batch.epoch());
        to.putInt(batch.baseSequence()).putInt(batch.recordCount());
    }

    private static ProducerBatch getProducerBatch(ByteBuffer from) {
        return new ProducerBatch(from.getLong(), from.getShort(), from.getInt(), from.getInt());
    }

    private static void putDuplicates(ByteBuffer to, List<DuplicateRecord> duplicates) {
        to.putInt(duplicates.size());
        duplicates.forEach(duplicate -> to.putInt(duplicate.place()).putLong(duplicate.offset()));
    }

    private static List<DuplicateRecord> getDuplicates(ByteBuffer from) {
        int count = from.getInt();
        if (count < 0 || count > from.remaining() / DUPLICATE_BYTES) {
            throw new IllegalArgumentException(count + " duplicates with " + from.remaining() + " bytes left");
        }
        List<DuplicateRecord> duplicates = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            duplicates.add(new DuplicateRecord(from.getInt(), from.getLong()));
        }
        return duplicates;
    }

    private static void putVerdict(ByteBuffer to, SequenceVerdict verdict) {
        if (verdict instanceof SequenceVerdict.OutOfOrder gap) {
            to.put((byte) 1).putInt(gap.expectedSequence());
        } else if (verdict instanceof SequenceVerdict.Fenced fenced) {
            to.put((byte) 2).putShort(fenced.currentEpoch());
        } else if (verdict instanceof SequenceVerdict.DuplicateTooOld) {
            to.put((byte) 3);
        } else if (verdict instanceof SequenceVerdict.UnknownProducer) {
            to.put((byte) 4);
        } else {
            throw new IllegalArgumentException("no refusal: " + verdict);
        }
    }

    private static SequenceVerdict getVerdict(ByteBuffer from) {
        byte kind = from.get();
        return switch (kind) {
            case 1 -> new SequenceVerdict.OutOfOrder(from.getInt());
            case 2 -> new SequenceVerdict.Fenced(from.getShort());
            case 3 -> SequenceVerdict.DuplicateTooOld.DUPLICATE_TOO_OLD;
            case 4 -> SequenceVerdict.UnknownProducer.UNKNOWN_PRODUCER;
            default -> throw new IllegalArgumentException("unknown verdict " + kind);
        };
    }

    private static void putBroker(ByteBuffer to, OptionalInt broker) {
        to.putInt(broker.orElse(-1));
    }

    private static OptionalInt getBroker(ByteBuffer from) {
        int broker = from.getInt();
        return broker < 0 ? OptionalInt.empty() : OptionalInt.of(broker);
    }

    private static void putOptional(ByteBuffer to, OptionalLong value) {
        to.put((byte) (value.isPresent() ? 1 : 0));
        value.ifPresent(to::putLong);
    }

    private static OptionalLong getOptional(ByteBuffer from) {
        return from.get() == 0 ? OptionalLong.empty() : OptionalLong.of(from.getLong());
    }

    private static void putString(ByteBuffer to, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        to.putInt(utf8.length).put(utf8);
    }

    private static String getString(ByteBuffer from) {
        return new String(getBytes(from), StandardCharsets.UTF_8);
    }

    static void putPayload(ByteBuffer to, Payload payload) {
        to.putInt(payload.sizeBytes()).put(payload.array(), payload.arrayOffset(), payload.sizeBytes());
    }

    static Payload getPayload(ByteBuffer from) {
        return Payload.wrap(getBytes(from));
    }

    private static byte[] getBytes(ByteBuffer from) {
        int length = from.getInt();
        if (length < 0 || length > from.remaining()) {
            throw new IllegalArgumentException("length " + length + " with " + from.remaining() + " bytes left");
        }
        byte[] bytes = new byte[length];
        from.get(bytes);
        return bytes;
    }
}
