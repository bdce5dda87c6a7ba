package io.millrace.benchmarks.micro;

import io.millrace.protocol.Bytes;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatches;
import io.millrace.protocol.record.StoredRecord;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** A batch of 256 KiB: what the producer, the front door, the leader and the consumer do with it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class RecordBatchBenchmark {
    /** Of each record's value. */
    @Param({"100", "1024"})
    public int recordBytes;

    private List<Bytes> values = List.of();
    private Bytes batch = Bytes.EMPTY;
    private byte[] owned = {};

    /** Before all else. */
    @Setup
    public void fill() {
        values = Batches.values(recordBytes);
        batch = Batches.full(values);
        owned = batch.toByteArray();
    }

    /** The producer. */
    @Benchmark
    public Bytes build() {
        return Batches.full(values);
    }

    /** The front door. */
    @Benchmark
    public int validate() {
        RecordBatch read = RecordBatch.at(batch, 0);
        read.validate();
        return read.recordCount();
    }

    /** The leader. */
    @Benchmark
    public long assignOffsets() {
        return RecordBatches.assignOffsets(owned, 0, owned.length, 17, 3);
    }

    /** The consumer. */
    @Benchmark
    public void decode(Blackhole sink) {
        for (StoredRecord record : RecordBatch.at(batch, 0).records()) {
            sink.consume(record);
        }
    }
}
