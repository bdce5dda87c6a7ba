package io.millrace.broker.group;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import io.millrace.broker.Failure;
import io.millrace.broker.group.assign.Assignors;
import io.millrace.broker.group.state.Committed;
import io.millrace.broker.group.state.GroupCommand;
import io.millrace.broker.group.state.GroupMachine;
import io.millrace.broker.group.state.GroupReply;
import io.millrace.broker.group.state.Membership;
import io.millrace.broker.routing.PartitionKey;
import io.millrace.controller.CaughtUpView;
import io.millrace.controller.MetadataView;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.TopicMetadata;
import io.millrace.partition.raft.Payload;
import io.millrace.partition.replica.PartitionCommand;
import io.millrace.partition.replica.PartitionReply;
import io.millrace.partition.replica.ReplicaMessage;
import io.millrace.protocol.record.RecordBatches;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A coordinator in front of a partition that the test plays, on a clock that the test moves. */
class GroupCoordinatorTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ManualTime.config());
    private static final ManualTime TIME = ManualTime.get(KIT.system());
    private static final long TERM = 7;
    private static final String GROUP = "g";
    private static final long SESSION = 30_000;

    private final TestProbe<PartitionCommand> partition = KIT.createTestProbe();
    private final TestProbe<PartitionReply> client = KIT.createTestProbe();
    private final MetadataView view = CaughtUpView.of(metadata());
    private final AtomicInteger ready = new AtomicInteger();
    private long nowMillis = 1_000;
    private long checkpointBytes = 1 << 20;
    private long lastRequest;
    private ActorRef<ReplicaMessage> coordinator = KIT.system().deadLetters();

    @AfterEach
    void stopCoordinator() {
        KIT.stop(coordinator);
    }

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    private static ClusterMetadata metadata() {
        TreeMap<String, TopicMetadata> topics = new TreeMap<>();
        topics.put("t", new TopicMetadata("t", 7, 1, List.of(List.of(1), List.of(1))));
        return new ClusterMetadata(Optional.of("c"), 1, OptionalInt.of(1), new TreeMap<>(), new TreeSet<>(), topics, 9);
    }

    private void start() {
        coordinator = KIT.spawn(GroupCoordinator.create(
                "__groups-0",
                TERM,
                partition.ref(),
                new GroupCoordinatorSettings(
                        new GroupMachine.Limits(100, 10, 1_000_000_000L),
                        Assignors.builtIn(),
                        view,
                        () -> nowMillis,
                        () -> 0,
                        checkpointBytes),
                ready::incrementAndGet));
    }

    /** Starts on an empty log. */
    private void startEmpty() {
        start();
        PartitionCommand.GetOffsets asked = partition.expectMessageClass(PartitionCommand.GetOffsets.class);
        asked.replyTo().tell(new PartitionReply.Offsets(asked.requestId(), 0, 0, Optional.empty()));
    }

    private void pass(long millis) {
        nowMillis += millis;
        TIME.timePasses(Duration.ofMillis(millis));
    }

    private long ask(GroupCommand command, long waitMillis) {
        coordinator.tell(
                new PartitionCommand.Coordinate(++lastRequest, GroupJson.encode(command), waitMillis, client.ref()));
        return lastRequest;
    }

    private static GroupCommand joining(String member) {
        return new GroupCommand.Heartbeat(
                GROUP,
                member,
                0,
                Optional.of(new Membership(new TreeSet<>(Set.of("t")), "", "", "", "", SESSION, 300_000)),
                Set.of());
    }

    private static GroupCommand beat(String member, GroupReply.Assigned last) {
        return new GroupCommand.Heartbeat(
                GROUP, member, last.memberEpoch(), Optional.empty(), new TreeSet<>(last.assignment()));
    }

    private static GroupCommand commit(long offset) {
        return new GroupCommand.Commit(
                "standalone",
                "",
                0,
                List.of(new GroupCommand.PartitionOffset(new PartitionKey(7, 0), "t", new Committed(offset, ""))),
                false);
    }

    private PartitionCommand.Produce written() {
        PartitionCommand.ProduceInTerm write = partition.expectMessageClass(PartitionCommand.ProduceInTerm.class);
        assertThat(write.term()).isEqualTo(TERM);
        return write.produce();
    }

    private static void commit(PartitionCommand.Produce write, long offset) {
        write.replyTo().tell(new PartitionReply.Produced(write.requestId(), offset, write.recordCount(), false));
    }

    private <T extends GroupReply> T answer(long request, Class<T> type) {
        PartitionReply.Coordinated reply = client.expectMessageClass(PartitionReply.Coordinated.class);
        assertThat(reply.requestId()).isEqualTo(request);
        return type.cast(GroupJson.decodeReply(reply.answer()));
    }

    private GroupReply.Assigned join(String member) {
        long request = ask(joining(member), 0);
        commit(written(), 0);
        return answer(request, GroupReply.Assigned.class);
    }

    @Test
    void nobodyHearsOfAnythingBeforeItIsCommitted() {
        startEmpty();
        long joins = ask(joining("a"), 0);
        PartitionCommand.Produce write = written();
        long describes = ask(new GroupCommand.Describe(GROUP), 0);
        client.expectNoMessage(Duration.ZERO);

        commit(write, 0);

        assertThat(answer(joins, GroupReply.Assigned.class).assignment()).hasSize(2);
        assertThat(answer(describes, GroupReply.Described.class).members()).containsKey("a");
        assertThat(ready).hasValue(1);
    }

    @Test
    void whatIsDecidedDuringAWriteIsWrittenTogether() {
        startEmpty();
        long first = ask(commit(1), 0);
        PartitionCommand.Produce write = written();
        long[] more = new long[50];
        for (int i = 0; i < more.length; i++) {
            more[i] = ask(commit(2 + i), 0);
        }
        partition.expectNoMessage(Duration.ZERO);
        commit(write, 0);
        answer(first, GroupReply.OffsetsCommitted.class);

        PartitionCommand.Produce together = written();
        assertThat(together.recordCount()).isEqualTo(50);
        commit(together, 2);
        for (long one : more) {
            answer(one, GroupReply.OffsetsCommitted.class);
        }
    }

    @Test
    void aNewCoordinatorKnowsWhatTheLogHas() {
        startEmpty();
        long request = ask(commit(5), 0);
        Payload log = written().batches();
        KIT.stop(coordinator);
        client.expectMessage(new PartitionReply.OutcomeUnknown(request));
        RecordBatches.assignOffsets(log.array(), log.arrayOffset(), log.arrayOffset() + log.sizeBytes(), 100, 1);

        start();
        PartitionCommand.GetOffsets asked = partition.expectMessageClass(PartitionCommand.GetOffsets.class);
        asked.replyTo().tell(new PartitionReply.Offsets(asked.requestId(), 100, 102, Optional.empty()));
        PartitionCommand.Fetch fetch = partition.expectMessageClass(PartitionCommand.Fetch.class);
        assertThat(fetch.offset()).isEqualTo(100);
        // Not before it has read all.
        ask(new GroupCommand.ListGroups(), 0);
        client.expectMessageClass(PartitionReply.NotLeader.class);
        assertThat(ready).hasValue(1);
        fetch.replyTo().tell(new PartitionReply.Fetched(fetch.requestId(), log, 100, 102));

        long asks = ask(new GroupCommand.FetchOffsets("standalone", "", 0), 0);
        assertThat(answer(asks, GroupReply.Offsets.class).offsets())
                .containsExactly(new GroupReply.OffsetOf(new PartitionKey(7, 0), new Committed(5, "")));
        assertThat(ready).hasValue(2);
    }

    @Test
    void aHeartbeatWaitsForNewsAndNoLongerThanItsInterval() {
        startEmpty();
        GroupReply.Assigned a = join("a");
        long waits = ask(beat("a", a), 60_000);
        pass(SESSION / 3 - 1);
        client.expectNoMessage(Duration.ZERO);
        pass(1);
        assertThat(answer(waits, GroupReply.Assigned.class)).isEqualTo(a);

        waits = ask(beat("a", a), 60_000);
        long joins = ask(joining("b"), 0);
        commit(written(), 3);
        GroupReply.Assigned half = answer(waits, GroupReply.Assigned.class);
        assertThat(half.memberEpoch()).isGreaterThan(a.memberEpoch());
        assertThat(half.assignment()).hasSize(1);
        answer(joins, GroupReply.Assigned.class);
    }

    @Test
    void ofTwoHeartbeatsOfOneMemberTheLaterWaits() {
        startEmpty();
        GroupReply.Assigned a = join("a");
        long first = ask(beat("a", a), 60_000);
        long second = ask(beat("a", a), 60_000);
        answer(first, GroupReply.Assigned.class);
        client.expectNoMessage(Duration.ZERO);
        pass(SESSION / 3);
        answer(second, GroupReply.Assigned.class);
    }

    @Test
    void aMemberThatIsSilentForItsSessionIsRemoved() {
        startEmpty();
        GroupReply.Assigned a = join("a");
        pass(SESSION - 1);
        partition.expectNoMessage(Duration.ZERO);
        pass(1);
        commit(written(), 3);

        long asks = ask(beat("a", a), 0);
        assertThat(answer(asks, GroupReply.Refused.class).failure()).isEqualTo(new Failure.UnknownMember(GROUP, "a"));
    }

    @Test
    void whoeverIsDeposedWritesNothingAndTellsNothing() {
        startEmpty();
        long joins = ask(joining("a"), 0);
        PartitionCommand.Produce write = written();
        write.replyTo().tell(new PartitionReply.NotLeader(write.requestId(), OptionalInt.of(2)));

        client.expectMessage(new PartitionReply.OutcomeUnknown(joins));
        partition.expectTerminated(coordinator);
    }

    @Test
    void aFullDiskIsToldAndWhatWasNotWrittenIsForgotten() {
        startEmpty();
        long commits = ask(commit(5), 0);
        PartitionCommand.Produce write = written();
        write.replyTo().tell(new PartitionReply.DiskFull(write.requestId()));
        client.expectMessage(new PartitionReply.DiskFull(commits));
        CaughtUpView.change(view, ClusterMetadata.EMPTY); // no reason to go on with what it knows
        ask(new GroupCommand.FetchOffsets("standalone", "", 0), 0);
        client.expectMessageClass(PartitionReply.NotLeader.class);
        CaughtUpView.change(view, metadata());

        pass(100);
        PartitionCommand.GetOffsets asked = partition.expectMessageClass(PartitionCommand.GetOffsets.class);
        asked.replyTo().tell(new PartitionReply.Offsets(asked.requestId(), 0, 0, Optional.empty()));
        long asks = ask(new GroupCommand.FetchOffsets("standalone", "", 0), 0);
        assertThat(answer(asks, GroupReply.Offsets.class).offsets()).isEmpty();
    }

    @Test
    void afterACheckpointTheLogBeforeItIsTrimmed() {
        checkpointBytes = 1; // after each write
        startEmpty();
        long request = ask(commit(5), 0);
        commit(written(), 40);
        answer(request, GroupReply.OffsetsCommitted.class);

        PartitionCommand.Produce checkpoint = written();
        assertThat(checkpoint.recordCount()).as("the group and its offset").isEqualTo(2);
        commit(checkpoint, 42);

        partition.expectMessage(new PartitionCommand.TrimBefore(TERM, 42, 0));
    }

    @Test
    void whatIsNotForItGoesOnToThePartition() {
        startEmpty();
        PartitionCommand.Fetch fetch = new PartitionCommand.Fetch(1, 0, 1, 1, 0, client.ref());
        coordinator.tell(fetch);
        partition.expectMessage(fetch);
    }
}
