package io.millrace.benchmarks.micro;

import akka.actor.ExtendedActorSystem;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import akka.actor.typed.javadsl.Behaviors;
import com.typesafe.config.ConfigFactory;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Message;
import io.millrace.partition.raft.NodeId;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.ReplicaMessage.PeerMessage;
import io.millrace.partition.replica.ReplicaSerializer;
import java.io.NotSerializableException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One AppendEntries message into and out of a buffer such as Artery's. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class SerializerBenchmark {
    private static final int FRAME_BYTES = 4 << 20;

    /** Of its only entry. */
    @Param({"1024", "262144"})
    public int entryBytes;

    private final ByteBuffer out = ByteBuffer.allocateDirect(FRAME_BYTES);
    private final ByteBuffer in = ByteBuffer.allocateDirect(FRAME_BYTES);
    private String manifest = "";

    @SuppressWarnings("NullAway.Init") // Set by start().
    private ActorSystem<Void> system;

    @SuppressWarnings("NullAway.Init") // Set by start().
    private ReplicaSerializer serializer;

    @SuppressWarnings("NullAway.Init") // Set by start().
    private PeerMessage message;

    /** An actor system, since references to actors are written too. */
    @Setup
    public void start() {
        system = ActorSystem.create(
                Behaviors.empty(),
                "benchmark",
                ConfigFactory.parseString("akka.loglevel = OFF").withFallback(ConfigFactory.load()));
        serializer = new ReplicaSerializer((ExtendedActorSystem) Adapter.toClassic(system));
        Entry entry = new Entry(9, 4, EntryType.DATA, Payload.wrap(new byte[entryBytes]));
        message = new PeerMessage(
                "9b2e5c0e-6d0f-4a55-9c43-1f1f5f6c7a11",
                system.ignoreRef(),
                new Message.AppendRequest(new NodeId(1), new NodeId(2), 4, new LogPosition(8, 4), List.of(entry), 8));
        manifest = serializer.manifest(message);
        serializer.toBinary(message, in);
        in.flip();
    }

    /** Of its threads. */
    @TearDown
    public void stop() {
        system.terminate();
    }

    /** The leader. */
    @Benchmark
    public ByteBuffer write() {
        serializer.toBinary(message, out.clear());
        return out;
    }

    /** The follower. */
    @Benchmark
    public Object read() throws NotSerializableException {
        return serializer.fromBinary(in.rewind(), manifest);
    }
}
