package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.millrace.partition.log.LogSettings;
import io.millrace.partition.log.OffsetReader;
import io.millrace.partition.log.SegmentedLog;
import io.millrace.partition.log.SimulatedStorage;
import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.EntryType;
import io.millrace.partition.raft.Payload;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ScrubberTest {
    private static final ActorTestKit KIT = ActorTestKit.create("scrubber", ReplicaGroup.CONFIG);
    private static final int ENTRIES = 100;
    private static final int PAYLOAD_BYTES = 20_000;

    private final OpenLogs logs = new OpenLogs();
    private final TestProbe<String> found = KIT.createTestProbe();
    private final List<SegmentedLog> all = new ArrayList<>();
    private @Nullable ActorRef<Scrubber.Command> scrubber;

    @AfterEach
    void close() throws IOException {
        if (scrubber != null) {
            KIT.stop(scrubber, ReplicaGroup.PATIENCE);
        }
        for (SegmentedLog log : all) {
            log.close();
        }
    }

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    private SimulatedStorage open(String topic, int entries) throws IOException {
        SimulatedStorage storage = new SimulatedStorage();
        SegmentedLog log = SegmentedLog.open(
                storage, LogSettings.DEFAULT.withSegmentBytes(500_000), OffsetReader.withoutOffsets());
        all.add(log);
        for (long index = 1; index <= entries; index++) {
            log.append(List.of(new Entry(index, 1, EntryType.DATA, Payload.wrap(new byte[PAYLOAD_BYTES]))));
        }
        log.sync();
        ReplicaId replica = new ReplicaId(topic, 1, 0, 1);
        logs.opened(replica, log, problem -> found.getRef().tell(topic + " " + problem));
        return storage;
    }

    private static void flip(SimulatedStorage storage, long firstIndexOfSegment, int position) {
        storage.flipBit("%020d.log".formatted(firstIndexOfSegment), position, 0);
    }

    private void scrub(long bytesPerSecond, Duration rest) {
        scrubber = KIT.spawn(Scrubber.create(logs, bytesPerSecond, rest));
    }

    @Test
    void aFileThatNobodyElseReadsIsNotLeftOpen() throws IOException {
        SimulatedStorage whole = open("first", ENTRIES);
        flip(open("second", ENTRIES), 1, 30_000);
        scrub(1L << 30, Duration.ofMillis(1));
        found.receiveMessage(ReplicaGroup.PATIENCE);
        found.awaitAssert(
                ReplicaGroup.PATIENCE,
                () -> { // between two rounds, at the latest
                    assertThat(whole.openFiles()).isEqualTo(1);
                    return null;
                });
    }

    @Test
    void everyLogIsReadToItsEndRoundAfterRound() throws IOException {
        open("empty", 0);
        SimulatedStorage early = open("first", ENTRIES);
        SimulatedStorage late = open("second", ENTRIES);
        open("third", ENTRIES);
        flip(early, 1, 30_000);
        long lastSegment = late.list().stream()
                .filter(name -> name.endsWith(".log"))
                .mapToLong(name -> Long.parseLong(name.substring(0, 20)))
                .max()
                .orElseThrow();
        flip(late, lastSegment, 64 + 41 + 100);
        scrub(1L << 30, Duration.ofMillis(1));
        for (int round = 0; round < 3; round++) {
            assertThat(found.receiveMessage(ReplicaGroup.PATIENCE))
                    .contains("first", "entry 2", "00000000000000000001.log");
            assertThat(found.receiveMessage(ReplicaGroup.PATIENCE)).contains("second", "entry " + lastSegment);
        }
    }

    @Test
    void aLogThatIsClosedIsPassedOver() throws IOException {
        open("first", 1);
        SimulatedStorage damaged = open("second", ENTRIES);
        flip(damaged, 1, 30_000);
        all.get(0).close();
        scrub(1L << 30, Duration.ofMillis(1));
        assertThat(found.receiveMessage(ReplicaGroup.PATIENCE)).contains("second");
    }

    @Test
    void noMoreIsReadThanTheRateAllows() throws IOException {
        flip(open("first", 1), 1, 64 + 41 + 100);
        open("second", ENTRIES);
        flip(open("third", 1), 1, 64 + 41 + 100);
        scrub(1_000, Duration.ofMillis(1)); // the first piece of the second log is some minutes' worth
        assertThat(found.receiveMessage(ReplicaGroup.PATIENCE)).contains("first");
        found.expectNoMessage(Duration.ofSeconds(5));
    }
}
