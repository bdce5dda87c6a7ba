package io.millrace.broker.group.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.broker.Failure;
import io.millrace.broker.group.assign.Assignors;
import io.millrace.broker.routing.PartitionKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class GroupMachineTest {
    private static final String G = "g";
    private static final long SESSION = 30_000;
    private static final long REBALANCE = 300_000;
    private static final long WEEK = 7 * 24 * 3_600_000L;
    private static final GroupMachine.Limits LIMITS = new GroupMachine.Limits(3, 5, WEEK);

    private long now = 1_000;
    private Topics topics = topics(4, 9);
    private GroupTable committed = new GroupTable();
    private GroupMachine machine = newMachine();

    private GroupMachine newMachine() {
        GroupTable table = new GroupTable();
        committed.facts().forEach(table::apply);
        GroupMachine fresh = new GroupMachine(table, Assignors.builtIn(), LIMITS, now);
        fresh.topicsChanged(topics, now).facts().forEach(committed::apply);
        return fresh;
    }

    private static Topics topics(int partitions, long asOf) {
        return new Topics(List.of(new Topics.Topic("t", 7, java.util.Collections.nCopies(partitions, Set.of()))), asOf);
    }

    private static PartitionKey p(int partition) {
        return new PartitionKey(7, partition);
    }

    private GroupReply ask(GroupCommand command) {
        GroupMachine.Decision decision = machine.handle(command, now);
        decision.facts().forEach(committed::apply);
        assertThat(machine.table()).isEqualTo(committed);
        return decision.reply();
    }

    private void later(long millis) {
        now += millis;
        machine.expire(now).facts().forEach(committed::apply);
    }

    private static Membership of(String... topics) {
        return new Membership(new TreeSet<>(List.of(topics)), "", "", "", "", SESSION, REBALANCE);
    }

    private static Membership instance(String id) {
        return new Membership(new TreeSet<>(Set.of("t")), "", id, "", "", SESSION, REBALANCE);
    }

    private static Membership matching(String pattern) {
        return new Membership(new TreeSet<>(), pattern, "", "", "", SESSION, REBALANCE);
    }

    private GroupReply join(String member, Membership membership) {
        return ask(new GroupCommand.Heartbeat(G, member, 0, Optional.of(membership), Set.of()));
    }

    private GroupReply heartbeat(String member, long epoch, Collection<PartitionKey> owned) {
        return ask(new GroupCommand.Heartbeat(G, member, epoch, Optional.empty(), new TreeSet<>(owned)));
    }

    private GroupReply commit(String member, long epoch, int partition, long offset, boolean allowBack) {
        return ask(new GroupCommand.Commit(
                G,
                member,
                epoch,
                List.of(new GroupCommand.PartitionOffset(p(partition), "t", new Committed(offset, "x"))),
                allowBack));
    }

    private static GroupReply.Assigned assigned(GroupReply reply) {
        return (GroupReply.Assigned) reply;
    }

    private static Failure refused(GroupReply reply) {
        return ((GroupReply.Refused) reply).failure();
    }

    private static GroupReply.CommitOutcome outcome(GroupReply reply) {
        return ((GroupReply.OffsetsCommitted) reply).outcomes().get(0);
    }

    @Test
    void onlyWhatMovesIsTakenAndItIsGivenOnWhenItsOwnerHasLetGo() {
        GroupReply.Assigned alone = assigned(join("a", of("t")));
        assertThat(alone.assignment()).containsExactly(p(0), p(1), p(2), p(3));

        assertThat(assigned(join("b", of("t"))).assignment()).isEmpty();
        GroupReply.Assigned half = assigned(heartbeat("a", alone.memberEpoch(), alone.assignment()));
        assertThat(half.memberEpoch()).isGreaterThan(alone.memberEpoch());
        assertThat(half.assignment()).hasSize(2).isSubsetOf(alone.assignment());

        GroupReply.Assigned b = assigned(heartbeat("b", 2, List.of()));
        assertThat(b.assignment()).isEmpty();
        heartbeat("a", half.memberEpoch(), half.assignment());
        b = assigned(heartbeat("b", b.memberEpoch(), List.of()));
        List<PartitionKey> all = new ArrayList<>(b.assignment());
        all.addAll(half.assignment());
        assertThat(all).containsExactlyInAnyOrderElementsOf(alone.assignment());
    }

    @Test
    void aLateHeartbeatDoesNotLetGoOfWhatWasGrantedSince() {
        GroupReply.Assigned a = assigned(join("a", of("t")));
        join("b", of("t"));
        GroupReply.Assigned half = assigned(heartbeat("a", a.memberEpoch(), a.assignment()));
        heartbeat("a", half.memberEpoch(), half.assignment());
        ask(new GroupCommand.Leave(G, "b", false));
        GroupReply.Assigned whole = assigned(heartbeat("a", half.memberEpoch(), half.assignment()));
        assertThat(whole.assignment()).hasSize(4);
        join("c", of("t")); // and two are to go again

        // It was sent before a heard that it has all again.
        heartbeat("a", half.memberEpoch(), half.assignment());

        assertThat(machine.table()
                        .group(G)
                        .flatMap(group -> group.member("a"))
                        .orElseThrow()
                        .revoking())
                .hasSize(2);
    }

    @Test
    void whatIsUnknownOrWrongIsRefused() {
        assertThat(refused(heartbeat("a", 3, List.of()))).isEqualTo(new Failure.UnknownMember(G, "a"));
        assertThat(refused(ask(new GroupCommand.Describe(G)))).isEqualTo(new Failure.UnknownGroup(G));
        assertThat(refused(ask(new GroupCommand.Delete(G)))).isEqualTo(new Failure.UnknownGroup(G));
        assertThat(refused(commit("a", 1, 0, 5, false))).isEqualTo(new Failure.UnknownMember(G, "a"));
        assertThat(refused(ask(new GroupCommand.Heartbeat(G, "a", 0, Optional.empty(), Set.of()))))
                .isInstanceOf(Failure.InvalidRequest.class);
        assertThat(refused(join("a", matching("(")))).isInstanceOf(Failure.InvalidRequest.class);
        assertThat(refused(join("a", matching("((a{1000}){1000}){1000}")))).isInstanceOf(Failure.InvalidRequest.class);
        assertThat(refused(join("a", new Membership(new TreeSet<>(), "", "", "", "best", SESSION, REBALANCE))))
                .isInstanceOf(Failure.InvalidRequest.class);

        long epoch = assigned(join("a", of("t"))).memberEpoch();
        assertThat(refused(heartbeat("a", epoch + 1, List.of())))
                .isEqualTo(new Failure.FencedMemberEpoch(G, "a", epoch + 1, epoch));
        assertThat(refused(commit("a", epoch + 1, 0, 5, false)))
                .isEqualTo(new Failure.FencedMemberEpoch(G, "a", epoch + 1, epoch));
        assertThat(refused(commit("", 0, 0, 5, false))).isEqualTo(new Failure.GroupNotEmpty(G, 1));
        assertThat(refused(ask(new GroupCommand.Delete(G)))).isEqualTo(new Failure.GroupNotEmpty(G, 1));
        for (String other : List.of("b", "c", "d", "e")) {
            join(other, of("t"));
        }
        assertThat(refused(join("f", of("t")))).isEqualTo(new Failure.GroupFull(G, 5));
    }

    @Test
    void aCoordinatorTakesNoMoreGroupsThanItsLimitUntilOneIsForgotten() {
        for (String group : List.of("a", "b", "c")) {
            ask(joinOf(group));
        }
        assertThat(refused(ask(joinOf("d")))).isEqualTo(new Failure.TooManyGroups("d", 3));
        assertThat(refused(ask(new GroupCommand.Commit("d", "", 0, List.of(), false))))
                .isEqualTo(new Failure.TooManyGroups("d", 3));
        assertThat(ask(new GroupCommand.Heartbeat("a", "n", 0, Optional.of(of("t")), Set.of())))
                .isInstanceOf(GroupReply.Assigned.class);
        ask(new GroupCommand.Leave("b", "m", false));
        ask(new GroupCommand.Delete("b"));
        assertThat(ask(joinOf("d"))).isInstanceOf(GroupReply.Assigned.class);
    }

    private static GroupCommand joinOf(String group) {
        return new GroupCommand.Heartbeat(group, "m", 0, Optional.of(of("t")), Set.of());
    }

    @Test
    void anEpochThatTheMemberHasLeftBehindIsRefused() {
        GroupReply.Assigned first = assigned(join("a", of("t")));
        join("b", of("t"));
        GroupReply.Assigned second = assigned(heartbeat("a", first.memberEpoch(), first.assignment()));
        heartbeat("a", second.memberEpoch(), second.assignment());

        assertThat(refused(heartbeat("a", first.memberEpoch(), first.assignment())))
                .isInstanceOf(Failure.FencedMemberEpoch.class);
    }

    @Test
    void onlyTheOwnerCommitsAndOfWhatItHadInThatEpoch() {
        GroupReply.Assigned a = assigned(join("a", of("t")));
        GroupReply.Assigned b = assigned(join("b", of("t")));
        assertThat(outcome(commit("a", a.memberEpoch(), 3, 5, false)).offset()).contains(5L);

        GroupReply.Assigned half = assigned(heartbeat("a", a.memberEpoch(), a.assignment()));
        int moving = a.assignment().stream()
                .filter(one -> !half.assignment().contains(one))
                .findFirst()
                .orElseThrow()
                .partition();
        assertThat(outcome(commit("b", b.memberEpoch(), moving, 1, false)).refusal())
                .contains(new Failure.PartitionNotOwned(G, "b", "t", moving));
        // Before it lets go, and with the epoch in which it got what it still has.
        assertThat(outcome(commit("a", half.memberEpoch(), moving, 6, false)).offset())
                .contains(6L);
        assertThat(outcome(commit("a", a.memberEpoch(), half.assignment().get(0).partition(), 7, false))
                        .offset())
                .contains(7L);
        heartbeat("a", half.memberEpoch(), half.assignment());
        assertThat(outcome(commit("a", half.memberEpoch(), moving, 8, false)).refusal())
                .isPresent();
        // b has it now, and not since that epoch.
        assertThat(outcome(commit("b", b.memberEpoch(), moving, 8, false)).refusal())
                .isPresent();
        long now = assigned(heartbeat("b", b.memberEpoch(), List.of())).memberEpoch();
        assertThat(outcome(commit("b", now, moving, 8, false)).offset()).contains(8L);
    }

    @Test
    void anOffsetGoesBackOnPurposeOnly() {
        assertThat(outcome(commit("", 0, 0, 5, false)).offset()).contains(5L);
        assertThat(outcome(commit("", 0, 0, 3, false)).offset()).contains(5L);
        assertThat(outcome(commit("", 0, 0, 3, true)).offset()).contains(3L);
        GroupReply.Offsets offsets = (GroupReply.Offsets) ask(new GroupCommand.FetchOffsets(G, "", 0));
        assertThat(offsets.offsets()).containsExactly(new GroupReply.OffsetOf(p(0), new Committed(3, "x")));
        assertThat(offsets.names()).containsEntry(7L, "t");
    }

    @Test
    void twoMembersWithOneInstanceIdAreNotLetIn() {
        join("a", instance("i"));

        assertThat(refused(join("b", instance("i")))).isEqualTo(new Failure.InstanceIdInUse(G, "i", "a"));
        later(SESSION);
        assertThat(assigned(join("b", instance("i"))).assignment()).hasSize(4);
    }

    @Test
    void aStaticMemberThatComesBackHasItsPartitionsAndDisturbsNobody() {
        GroupReply.Assigned other = assigned(join("o", of("t")));
        join("a", instance("i"));
        GroupReply.Assigned half = assigned(heartbeat("o", other.memberEpoch(), other.assignment()));
        heartbeat("o", half.memberEpoch(), half.assignment());
        GroupReply.Assigned a = assigned(heartbeat("a", 2, List.of()));

        ask(new GroupCommand.Leave(G, "a", true));
        later(SESSION - 1);
        assertThat(assigned(heartbeat("o", half.memberEpoch(), half.assignment()))
                        .memberEpoch())
                .isEqualTo(half.memberEpoch());
        assertThat(refused(heartbeat("a", a.memberEpoch(), List.of()))).isInstanceOf(Failure.UnknownMember.class);
        GroupReply.Assigned again = assigned(join("a2", instance("i")));

        assertThat(again.assignment()).isEqualTo(a.assignment());
        assertThat(assigned(heartbeat("o", half.memberEpoch(), half.assignment()))
                        .memberEpoch())
                .isEqualTo(half.memberEpoch());
    }

    @Test
    void aStaticMemberThatDoesNotComeBackIsReplaced() {
        join("a", instance("i"));
        ask(new GroupCommand.Leave(G, "a", true));
        GroupReply.Assigned b = assigned(join("b", of("t")));
        assertThat(b.assignment()).hasSize(2);

        later(SESSION - 1);
        b = assigned(heartbeat("b", b.memberEpoch(), b.assignment()));
        assertThat(b.assignment()).hasSize(2);
        later(1);

        assertThat(assigned(heartbeat("b", b.memberEpoch(), b.assignment())).assignment())
                .hasSize(4);
    }

    @Test
    void aPausedMemberThatComesBackAfterItsSessionHasNothing() {
        GroupReply.Assigned a = assigned(join("a", of("t")));
        GroupReply.Assigned b = assigned(join("b", of("t")));
        later(SESSION - 1);
        b = assigned(heartbeat("b", b.memberEpoch(), b.assignment()));
        later(1);

        assertThat(refused(heartbeat("a", a.memberEpoch(), a.assignment())))
                .isEqualTo(new Failure.UnknownMember(G, "a"));
        assertThat(refused(commit("a", a.memberEpoch(), 0, 1, false))).isEqualTo(new Failure.UnknownMember(G, "a"));
        assertThat(assigned(heartbeat("b", b.memberEpoch(), b.assignment())).assignment())
                .hasSize(4);
    }

    @Test
    void whoDoesNotLetGoInTimeLosesThatAndNothingElse() {
        GroupReply.Assigned a = assigned(join("a", of("t")));
        GroupReply.Assigned b = assigned(join("b", of("t")));
        GroupReply.Assigned half = assigned(heartbeat("a", a.memberEpoch(), a.assignment()));
        heartbeat("a", half.memberEpoch(), a.assignment()); // knows, and holds on to it
        for (int i = 0; i < 11; i++) {
            later(REBALANCE / 12);
            heartbeat("a", half.memberEpoch(), a.assignment());
            b = assigned(heartbeat("b", b.memberEpoch(), b.assignment()));
            assertThat(b.assignment()).isEmpty();
        }
        later(REBALANCE / 12);

        assertThat(assigned(heartbeat("b", b.memberEpoch(), List.of())).assignment())
                .hasSize(2);
        assertThat(assigned(heartbeat("a", half.memberEpoch(), a.assignment())).assignment())
                .isEqualTo(half.assignment());
    }

    @Test
    void afterAFailOverMembersLiveForAWholeSessionAndGoOnWhereTheyWere() {
        GroupReply.Assigned a = assigned(join("a", of("t")));
        join("b", of("t"));
        GroupReply.Assigned half = assigned(heartbeat("a", a.memberEpoch(), a.assignment()));
        now += 10 * SESSION; // nobody looked after them meanwhile
        machine = newMachine();
        later(SESSION);

        assertThat(assigned(heartbeat("a", half.memberEpoch(), half.assignment())))
                .isEqualTo(half);
        assertThat(assigned(heartbeat("b", 2, List.of())).assignment()).hasSize(2);
    }

    @Test
    void aClockThatJumpsBetweenCoordinatorsExpiresNothing() {
        commit("", 0, 0, 5, false);
        long epoch = assigned(join("a", of("t"))).memberEpoch();
        now += 100 * WEEK;
        machine = newMachine();
        later(0);
        assertThat(assigned(heartbeat("a", epoch, List.of())).memberEpoch()).isEqualTo(epoch);
        now = 3;
        machine = newMachine();
        later(0);

        assertThat(assigned(heartbeat("a", epoch, List.of())).memberEpoch()).isEqualTo(epoch);
        assertThat(machine.table().group(G).orElseThrow().offsets()).hasSize(1);
    }

    @Test
    void aGroupThatIsEmptyForAWeekIsForgottenWhoeverWatches() {
        commit("", 0, 0, 5, false);
        for (int hour = 1; hour <= 7 * 24 - 2; hour++) {
            later(3_600_000);
            if (hour % 50 == 0) {
                machine = newMachine();
            }
        }
        assertThat(machine.table().group(G)).isPresent();
        later(3_600_000);
        later(3_600_000);
        assertThat(machine.table().group(G)).isEmpty();
        assertThat(machine.nextMillis()).isEmpty();
    }

    @Test
    void aGroupIsNotForgottenWhileSomebodyCommits() {
        for (int day = 0; day < 30; day++) {
            commit("", 0, 0, day, false);
            for (int hour = 0; hour < 24; hour++) {
                later(3_600_000);
            }
        }
        assertThat(machine.table().group(G)).isPresent();
    }

    @Test
    void topicsThatComeAndGoAreFollowed() {
        GroupReply.Assigned a = assigned(join("a", matching("t|new.*")));
        commit("a", a.memberEpoch(), 1, 5, false);
        topics = new Topics(
                List.of(
                        new Topics.Topic("t", 7, List.of(Set.of(), Set.of(), Set.of(), Set.of())),
                        new Topics.Topic("newer", 12, List.of(Set.of())),
                        new Topics.Topic("other", 13, List.of(Set.of()))),
                14);
        machine.topicsChanged(topics, now).facts().forEach(committed::apply);
        GroupReply.Assigned more = assigned(heartbeat("a", a.memberEpoch(), a.assignment()));
        assertThat(more.assignment()).hasSize(5).contains(new PartitionKey(12, 0));
        assertThat(more.names()).containsEntry(12L, "newer");

        topics = new Topics(List.of(new Topics.Topic("newer", 12, List.of(Set.of()))), 15);
        machine.topicsChanged(topics, now).facts().forEach(committed::apply);
        assertThat(machine.table().group(G).orElseThrow().offsets()).isEmpty();
        assertThat(assigned(heartbeat("a", more.memberEpoch(), more.assignment()))
                        .assignment())
                .containsExactly(new PartitionKey(12, 0));
    }

    @Test
    void offsetsOfATopicThatTheMetadataDoesNotKnowYetAreKept() {
        commit("", 0, 0, 5, false);
        topics = new Topics(List.of(), 6); // older than the topic
        machine.topicsChanged(topics, now).facts().forEach(committed::apply);

        assertThat(machine.table().group(G).orElseThrow().offsets()).hasSize(1);
    }

    @Test
    void whoIsAheadOfTheCoordinatorIsToldToAskAgain() {
        long epoch = assigned(join("a", of("t"))).memberEpoch();

        assertThat(refused(ask(new GroupCommand.FetchOffsets(G, "a", epoch + 1))))
                .isInstanceOf(Failure.CoordinatorUnavailable.class);
    }
}
