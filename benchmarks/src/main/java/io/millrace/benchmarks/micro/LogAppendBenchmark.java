package io.millrace.benchmarks.micro;

import io.millrace.partition.log.FileStorage;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.log.Storage;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Payload;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Appends of one entry to a log on the disk of {@code java.io.tmpdir}; a new log for each iteration. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class LogAppendBenchmark {
    /** Of each entry. */
    @Param({"1024", "262144"})
    public int entryBytes;

    private Payload payload = Payload.EMPTY;

    @SuppressWarnings("NullAway.Init") // Set by open().
    private Storage storage;

    @SuppressWarnings("NullAway.Init") // Set by open().
    private SegmentedLog log;

    /** An empty log. */
    @Setup(Level.Iteration)
    public void open() throws IOException {
        payload = Payload.wrap(Batches.values(entryBytes).get(0).toByteArray());
        storage = FileStorage.in(Files.createTempDirectory("millrace-log-benchmark"));
        log = SegmentedLog.open(storage, LogSettings.DEFAULT, OffsetReader.withoutOffsets());
    }

    /** Leaves nothing behind. */
    @TearDown(Level.Iteration)
    public void delete() throws IOException {
        log.close();
        SegmentedLog.delete(storage);
    }

    /** Written, not durable. */
    @Benchmark
    public void append() throws IOException {
        log.append(List.of(new Entry(log.lastPosition().index() + 1, 1, EntryType.DATA, payload)));
    }

    /** Durable. */
    @Benchmark
    public LogPosition appendAndSync() throws IOException {
        append();
        return log.sync();
    }
}
