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
import io.millrace.partition.raft.LogPosition;
import io.millrace.partition.raft.Payload;
import io.millrace.protocol.FlushPolicy;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** When what is written is forced, and when it is said to be durable. */
class LogWriterTest {
    private static final ActorTestKit KIT = ActorTestKit.create("writers", ReplicaGroup.CONFIG);
    private static final long HOUR_MILLIS = 3_600_000;

    private final SimulatedStorage storage = new SimulatedStorage();
    private final TestProbe<LogWriter.Event> listener = KIT.createTestProbe();
    private long lastIndex;

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    private ActorRef<LogWriter.Command> writer(FlushPolicy policy) {
        var writer = KIT.spawn(LogWriter.create(new Place(), policy, listener.getRef(), nanos -> {}));
        listener.expectMessageClass(LogWriter.Absent.class);
        writer.tell(LogWriter.Begin.INSTANCE);
        listener.expectMessageClass(LogWriter.Opened.class);
        return writer;
    }

    private static FlushPolicy policy(FlushPolicy.When when) {
        return switch (when) {
            case COMMIT -> FlushPolicy.COMMIT;
            case INTERVAL -> FlushPolicy.every(HOUR_MILLIS);
            case OS -> FlushPolicy.OS;
        };
    }

    /** How many forces it took until this entry was called durable. */
    private int forcesFor(ActorRef<LogWriter.Command> writer, EntryType type) {
        return forcesFor(writer, OptionalLong.empty(), type);
    }

    private int forcesFor(ActorRef<LogWriter.Command> writer, OptionalLong cutFrom, EntryType type) {
        int before = storage.forces();
        lastIndex = cutFrom.orElse(lastIndex + 1);
        writer.tell(new LogWriter.Write(7, cutFrom, List.of(new Entry(lastIndex, 1, type, Payload.EMPTY))));
        assertThat(listener.expectMessageClass(LogWriter.Durable.class))
                .isEqualTo(new LogWriter.Durable(7, new LogPosition(lastIndex, 1)));
        return storage.forces() - before;
    }

    @Test
    void usuallyRecordsAreDurableWhenTheyAreOnDisk() {
        var writer = writer(FlushPolicy.COMMIT);
        assertThat(forcesFor(writer, EntryType.DATA)).isOne();
        assertThat(forcesFor(writer, EntryType.DATA)).isOne();
    }

    @ParameterizedTest
    @EnumSource(value = FlushPolicy.When.class, mode = Mode.EXCLUDE, names = "COMMIT")
    void otherPoliciesDoNotWaitForTheDiskWithRecords(FlushPolicy.When when) {
        var writer = writer(policy(when));
        for (int i = 0; i < 10; i++) {
            assertThat(forcesFor(writer, EntryType.DATA)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whateverRaftGoesByIsOnDiskBeforeItCounts(FlushPolicy.When when) {
        var writer = writer(policy(when));
        assertThat(forcesFor(writer, EntryType.NOOP)).isOne();
        forcesFor(writer, EntryType.DATA);
        assertThat(forcesFor(writer, EntryType.CONFIGURATION)).isOne();
        forcesFor(writer, EntryType.DATA);
        int before = storage.forces();
        forcesFor(writer, OptionalLong.of(2), EntryType.DATA); // the configuration is cut off
        assertThat(storage.forces()).isGreaterThan(before);
    }

    @ParameterizedTest
    @EnumSource
    void anEndInGoodOrderPutsEverythingOnDisk(FlushPolicy.When when) throws IOException {
        var writer = writer(policy(when));
        forcesFor(writer, EntryType.DATA);
        KIT.stop(writer);
        storage.crash(nothingSurvives());
        assertThat(SegmentedLog.open(storage, LogSettings.DEFAULT, OffsetReader.withoutOffsets())
                        .lastPosition())
                .isEqualTo(new LogPosition(1, 1));
    }

    @Test
    void afterAnIntervalRecordsAreForcedOnceForAll() {
        var writer = writer(FlushPolicy.every(50));
        int before = storage.forces();
        forcesFor(writer, EntryType.DATA);
        listener.awaitAssert(() -> {
            assertThat(storage.forces()).isEqualTo(before + 1);
            return null;
        });
        forcesFor(writer, EntryType.DATA);
        listener.awaitAssert(() -> {
            assertThat(storage.forces()).isEqualTo(before + 2);
            return null;
        });
    }

    @Test
    void aForceThatFailsLaterIsTheEndAllTheSame() {
        var writer = writer(FlushPolicy.every(1));
        storage.failForceAfter(0);
        forcesFor(writer, EntryType.DATA);
        assertThat(listener.expectMessageClass(LogWriter.Failed.class).problem())
                .contains("cannot force");
        lastIndex++;
        writer.tell(new LogWriter.Write(
                7, OptionalLong.empty(), List.of(new Entry(lastIndex, 1, EntryType.DATA, Payload.EMPTY))));
        listener.expectNoMessage();
    }

    /** In a crash: what was not forced is gone. */
    static Random nothingSurvives() {
        return new Random() {
            @Override
            public int nextInt(int bound) {
                return 0;
            }

            @Override
            public boolean nextBoolean() {
                return false;
            }
        };
    }

    private final class Place implements LogWriter.Place {
        @Override
        public LogWriter.Event open() {
            return new LogWriter.Absent(LostDisk.LogFound.NEVER_BEGUN);
        }

        @Override
        public LogWriter.Opened begin() throws IOException {
            SegmentedLog log = SegmentedLog.open(storage, LogSettings.DEFAULT, OffsetReader.withoutOffsets());
            return new LogWriter.Opened(log, true, Optional.empty());
        }

        @Override
        public void setAside() {
            throw new IllegalStateException("nothing is damaged here");
        }
    }
}
