package io.millrace.broker.group.state;

import io.millrace.broker.Failure;
import io.millrace.broker.group.assign.Assignors;
import io.millrace.broker.group.assign.Sharing;
import io.millrace.broker.routing.PartitionKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Decides for the groups of one coordinator: a command and the time in, facts and an answer out. The facts are applied here at once;
 * they hold for others, and the answer may be given, when they are committed. Whoever cannot commit them starts anew from the log.
 *
 * <p>Time is monotonic milliseconds of the coordinator, and no clock on a wall plays any part: nothing here believes one.
 *
 * <p><b>Why no two members ever act on one partition.</b> A partition is granted only when nobody owns it or has yet to let go of
 * it, each time in a higher epoch of the group. Its owner has let go when a heartbeat says so that it sent knowing of the grant
 * (a heartbeat of an earlier epoch says nothing about it, and may be late), or when it has, by its own clock, stopped for want of
 * answers, since its clock began before ours. See {@code groups.proto} for the members' side.
 */
public final class GroupMachine {
    /** A coordinator that has been deposed without knowing may tell members for so long that all is well. */
    private static final long FAIL_OVER_GRACE_MILLIS = 2_000;

    /** So often, at most, it is noted how long groups have been empty. */
    private static final long EMPTY_NOTED_EVERY_MILLIS = 3_600_000;

    /**
     * How a coordinator behaves.
     *
     * @param groupsMax of one coordinator
     * @param membersMax of one group
     * @param offsetsRetentionMillis for which a group without members is remembered
     */
    public record Limits(int groupsMax, int membersMax, long offsetsRetentionMillis) {
        private long emptyNotedEveryMillis() {
            return Math.max(1, Math.min(EMPTY_NOTED_EVERY_MILLIS, offsetsRetentionMillis / 10));
        }
    }

    /** @param facts to be committed before anybody hears the reply */
    public record Decision(List<Fact> facts, GroupReply reply) {}

    private final GroupTable table;
    private final Assignors assignors;
    private final Limits limits;
    private final Patterns patterns = new Patterns();
    private final Sessions sessions = new Sessions();
    /** Since when, by this coordinator's clock, groups have had no members beyond what their facts say. */
    private final Map<String, Long> emptySince = new HashMap<>();

    private Topics topics = Topics.NONE;
    private long emptyNotedMillis;

    /** Takes over groups from another coordinator, or from none. */
    public GroupMachine(GroupTable table, Assignors assignors, Limits limits, long nowMillis) {
        this.table = table;
        this.assignors = assignors;
        this.limits = limits;
        this.emptyNotedMillis = nowMillis;
        table.groups().values().forEach(group -> takeOver(group, nowMillis + FAIL_OVER_GRACE_MILLIS, nowMillis));
    }

    private void takeOver(Group group, long sinceMillis, long nowMillis) {
        if (group.members().isEmpty()) {
            emptySince.put(group.name(), nowMillis);
        }
        group.members().forEach((id, member) -> {
            Sessions.Key key = new Sessions.Key(group.name(), id);
            sessions.heard(key, sinceMillis + member.membership().sessionTimeoutMillis());
            if (!member.revoking().isEmpty()) {
                sessions.revokes(key, revokedBy(member, sinceMillis));
            }
        });
    }

    public GroupTable table() {
        return table;
    }

    /** When {@link #expire} has something to do, if nothing else happens before. */
    public OptionalLong nextMillis() {
        OptionalLong next = sessions.nextMillis();
        if (emptySince.isEmpty()) {
            return next;
        }
        long noted = emptyNotedMillis + limits.emptyNotedEveryMillis();
        return OptionalLong.of(next.isPresent() ? Math.min(next.getAsLong(), noted) : noted);
    }

    public Decision handle(GroupCommand command, long nowMillis) {
        Step step = new Step(nowMillis);
        GroupReply reply = reply(command, step);
        return step.decided(reply);
    }

    private GroupReply reply(GroupCommand command, Step step) {
        if (command instanceof GroupCommand.Heartbeat heartbeat) {
            return heartbeat(heartbeat, step);
        } else if (command instanceof GroupCommand.Commit commit) {
            return commit(commit, step);
        } else if (command instanceof GroupCommand.FetchOffsets fetch) {
            return fetchOffsets(fetch);
        } else if (command instanceof GroupCommand.Leave leave) {
            return leave(leave, step);
        } else if (command instanceof GroupCommand.ListGroups) {
            return new GroupReply.Listed(table.groups().values().stream()
                    .map(group -> new GroupReply.Summary(
                            group.name(), group.state(), group.members().size()))
                    .toList());
        } else if (command instanceof GroupCommand.Describe describe) {
            return table.group(describe.group())
                    .map(this::described)
                    .orElseGet(() -> refused(new Failure.UnknownGroup(describe.group())));
        } else if (command instanceof GroupCommand.Delete delete) {
            return delete(delete, step);
        }
        throw new IllegalStateException("no rule for " + command);
    }

    // ------------------------------------------------------------------------------------------------------- members

    private GroupReply heartbeat(GroupCommand.Heartbeat heartbeat, Step step) {
        Sessions.Key key = new Sessions.Key(heartbeat.group(), heartbeat.memberId());
        Optional<Group> group = table.group(heartbeat.group());
        Optional<Member> found = group.flatMap(known -> known.member(heartbeat.memberId()));
        if (found.isEmpty() && heartbeat.epoch() == 0) {
            return join(heartbeat, step);
        } else if (found.isEmpty() || found.get().away()) {
            return refused(new Failure.UnknownMember(key.group(), key.memberId()));
        }
        Member member = found.get();
        boolean isJoinAgain = heartbeat.epoch() == 0;
        if (heartbeat.epoch() > member.epoch() || (!isJoinAgain && heartbeat.epoch() < sessions.seenEpoch(key))) {
            return refused(
                    new Failure.FencedMemberEpoch(key.group(), key.memberId(), heartbeat.epoch(), member.epoch()));
        }
        Membership membership = heartbeat.membership().orElse(member.membership());
        Optional<Failure> problem =
                heartbeat.membership().flatMap(changed -> problemWith(changed, member.membership()));
        if (problem.isPresent()) {
            return refused(problem.get());
        }
        sessions.heard(key, step.nowMillis + membership.sessionTimeoutMillis());
        sessions.seen(key, heartbeat.epoch());
        if (heartbeat.epoch() == member.epoch()) {
            sessions.knowsOfRevoking(key, step.nowMillis + membership.rebalanceTimeoutMillis());
        }
        boolean changed = !isJoinAgain && !membership.equals(member.membership());
        if (changed) {
            step.emit(new Fact.MemberIs(key.group(), key.memberId(), member.with(membership)));
            retarget(group.orElseThrow(), step);
        }
        boolean released = !isJoinAgain && release(key, heartbeat, step);
        if (changed || released) {
            reconcile(group.orElseThrow(), step);
        }
        return assigned(key.group(), key.memberId());
    }

    private GroupReply join(GroupCommand.Heartbeat heartbeat, Step step) {
        if (heartbeat.membership().isEmpty()) {
            return refused(new Failure.InvalidRequest("membership", "must be there when joining"));
        }
        Membership membership = heartbeat.membership().get();
        Optional<Failure> problem = problemWith(membership, membership);
        if (problem.isPresent()) {
            return refused(problem.get());
        }
        String name = heartbeat.group();
        Optional<Map.Entry<String, Member>> namesake =
                membership.isStatic() ? instance(name, membership.instanceId()) : Optional.empty();
        if (namesake.isPresent() && !namesake.get().getValue().away()) {
            return refused(new Failure.InstanceIdInUse(
                    name, membership.instanceId(), namesake.get().getKey()));
        }
        if (!hasRoomFor(name)) {
            return tooMany(name);
        }
        int members = table.group(name).map(group -> group.members().size()).orElse(0);
        if (namesake.isEmpty() && members >= limits.membersMax()) {
            return refused(new Failure.GroupFull(name, limits.membersMax()));
        }
        long epoch = step.newEpoch(name);
        Member member = Member.joining(membership, epoch);
        if (namesake.isPresent()) {
            // Nobody else is disturbed: the targets stay as they are.
            member = member.withTarget(namesake.get().getValue().target());
            remove(name, namesake.get().getKey(), step);
        }
        step.emit(new Fact.MemberIs(name, heartbeat.memberId(), member));
        emptySince.remove(name);
        sessions.heard(
                new Sessions.Key(name, heartbeat.memberId()), step.nowMillis + membership.sessionTimeoutMillis());
        Group group = table.group(name).orElseThrow();
        if (namesake.isEmpty() || !namesake.get().getValue().membership().equals(membership)) {
            retarget(group, step);
        }
        reconcile(group, step);
        return assigned(name, heartbeat.memberId());
    }

    private boolean hasRoomFor(String group) {
        return table.group(group).isPresent() || table.groups().size() < limits.groupsMax();
    }

    private GroupReply tooMany(String group) {
        return refused(new Failure.TooManyGroups(group, limits.groupsMax()));
    }

    private Optional<Map.Entry<String, Member>> instance(String group, String instanceId) {
        return table.group(group).flatMap(known -> known.members().entrySet().stream()
                .filter(entry -> entry.getValue().membership().instanceId().equals(instanceId))
                .findFirst());
    }

    private Optional<Failure> problemWith(Membership membership, Membership before) {
        if (!membership.instanceId().equals(before.instanceId())) {
            return Optional.of(new Failure.InvalidRequest("instance_id", "cannot be changed during a membership"));
        } else if (!membership.assignor().isEmpty() && !assignors.names().contains(membership.assignor())) {
            return Optional.of(new Failure.InvalidRequest(
                    "assignor", "'" + membership.assignor() + "' is none of " + assignors.names()));
        }
        return Patterns.problemWith(membership.pattern())
                .map(problem -> new Failure.InvalidRequest("pattern", problem));
    }

    /** Whether the member has let go of something. A heartbeat says that of what was granted in its epoch or before. */
    private boolean release(Sessions.Key key, GroupCommand.Heartbeat heartbeat, Step step) {
        Member member = table.group(key.group())
                .flatMap(group -> group.member(key.memberId()))
                .orElseThrow();
        SortedMap<PartitionKey, Long> left = member.revokingSince();
        boolean released = left.entrySet()
                .removeIf(held -> held.getValue() <= heartbeat.epoch()
                        && !heartbeat.owned().contains(held.getKey()));
        if (released) {
            letGo(key, member, left, step);
        }
        return released;
    }

    private void letGo(Sessions.Key key, Member member, SortedMap<PartitionKey, Long> left, Step step) {
        step.emit(new Fact.MemberIs(key.group(), key.memberId(), member.withRevoking(left)));
        if (left.isEmpty()) {
            sessions.hasRevoked(key);
        }
    }

    private GroupReply leave(GroupCommand.Leave leave, Step step) {
        Optional<Group> group = table.group(leave.group());
        Optional<Member> found = group.flatMap(known -> known.member(leave.memberId()));
        if (found.isEmpty()) {
            return new GroupReply.Done();
        }
        if (leave.keepPlace() && found.get().membership().isStatic()) {
            Sessions.Key key = new Sessions.Key(leave.group(), leave.memberId());
            step.emit(new Fact.MemberIs(
                    leave.group(), leave.memberId(), found.get().whoLeft()));
            sessions.hasRevoked(key);
            sessions.heard(key, step.nowMillis + found.get().membership().sessionTimeoutMillis());
        } else {
            remove(leave.group(), leave.memberId(), step);
            retarget(group.orElseThrow(), step);
        }
        reconcile(group.orElseThrow(), step);
        return new GroupReply.Done();
    }

    private void remove(String group, String memberId, Step step) {
        long epoch = step.newEpoch(group);
        step.emit(new Fact.MemberGone(group, memberId));
        sessions.end(new Sessions.Key(group, memberId));
        if (table.group(group).orElseThrow().members().isEmpty()) {
            step.emit(new Fact.GroupIs(group, epoch, 0));
            emptySince.put(group, step.nowMillis);
        }
    }

    /** Where a member stands, for one that has waited for news. */
    public GroupReply assigned(String group, String memberId) {
        return table.group(group)
                .flatMap(known -> known.member(memberId))
                .filter(member -> !member.away())
                .<GroupReply>map(member -> {
                    Set<PartitionKey> owned = member.ownedSince().keySet();
                    return new GroupReply.Assigned(
                            member.epoch(),
                            List.copyOf(owned),
                            names(owned),
                            member.membership().sessionTimeoutMillis(),
                            member.membership().rebalanceTimeoutMillis());
                })
                .orElseGet(() -> refused(new Failure.UnknownMember(group, memberId)));
    }

    // ---------------------------------------------------------------------------------------------------- assignment

    /** What everybody is to have in the end. Where that is known already, nothing changes. */
    private void retarget(Group group, Step step) {
        List<Sharing.Member> members = new ArrayList<>();
        SortedMap<PartitionKey, Set<String>> partitions = new TreeMap<>();
        group.members().forEach((id, member) -> {
            Set<Long> reads = reads(member.membership(), partitions);
            String instance = member.membership().instanceId();
            members.add(new Sharing.Member(
                    id, instance.isEmpty() ? id : instance, member.membership().rack(), reads, member.target()));
        });
        assignors.assign(assignorOf(group), new Sharing(members, partitions)).forEach((id, target) -> {
            Member member = group.member(id).orElseThrow();
            if (!member.target().equals(target)) {
                step.emit(new Fact.MemberIs(group.name(), id, member.withTarget(target)));
            }
        });
    }

    private Set<Long> reads(Membership membership, SortedMap<PartitionKey, Set<String>> partitions) {
        Set<Long> ids = new TreeSet<>();
        List<Topics.Topic> read = new ArrayList<>();
        if (membership.pattern().isEmpty()) {
            membership.topics().forEach(name -> topics.named(name).ifPresent(read::add));
        } else {
            topics.all().stream()
                    .filter(topic -> membership.topics().contains(topic.name())
                            || patterns.matches(membership.pattern(), topic.name()))
                    .forEach(read::add);
        }
        for (Topics.Topic topic : read) {
            ids.add(topic.id());
            for (int i = 0; i < topic.racks().size(); i++) {
                partitions.put(new PartitionKey(topic.id(), i), topic.racks().get(i));
            }
        }
        return ids;
    }

    /** What most members ask for. */
    private static String assignorOf(Group group) {
        SortedMap<String, Integer> votes = new TreeMap<>();
        group.members().values().stream()
                .map(member -> member.membership().assignor())
                .filter(name -> !name.isEmpty())
                .forEach(name -> votes.merge(name, 1, Integer::sum));
        return votes.entrySet().stream()
                .max(Map.Entry.<String, Integer>comparingByValue()
                        .thenComparing(Map.Entry.comparingByKey(Comparator.reverseOrder())))
                .map(Map.Entry::getKey)
                .orElse(Assignors.STICKY);
    }

    /** Takes from members what is not to be theirs, and gives what is, as far as nobody else has it. */
    private void reconcile(Group group, Step step) {
        Map<PartitionKey, String> holders = group.holders();
        for (String id : List.copyOf(group.members().keySet())) {
            Member member = group.member(id).orElseThrow();
            if (member.away()) {
                continue;
            }
            SortedMap<PartitionKey, Long> owned = member.ownedSince();
            SortedMap<PartitionKey, Long> revoking = member.revokingSince();
            boolean revokes = owned.entrySet().removeIf(held -> {
                boolean goes = !member.target().contains(held.getKey());
                if (goes) {
                    revoking.put(held.getKey(), held.getValue());
                }
                return goes;
            });
            boolean gets = false;
            for (PartitionKey partition : member.target()) {
                if (!holders.containsKey(partition)) {
                    holders.put(partition, id);
                    owned.put(partition, step.newEpoch(group.name()));
                    gets = true;
                }
            }
            if (revokes || gets) {
                step.emit(new Fact.MemberIs(
                        group.name(), id, member.withOwned(owned, revoking, step.newEpoch(group.name()))));
            }
            if (revokes) {
                sessions.revokes(new Sessions.Key(group.name(), id), revokedBy(member, step.nowMillis));
            }
        }
    }

    /** Whoever has not heard of it in a session has stopped by itself; whoever has heard of it has the time that it asked for. */
    private static long revokedBy(Member member, long nowMillis) {
        Membership membership = member.membership();
        return nowMillis + membership.sessionTimeoutMillis() + membership.rebalanceTimeoutMillis();
    }

    // -------------------------------------------------------------------------------------------------------- offsets

    private GroupReply commit(GroupCommand.Commit commit, Step step) {
        Optional<Group> group = table.group(commit.group());
        Optional<Member> member =
                group.flatMap(known -> known.member(commit.memberId())).filter(known -> !known.away());
        boolean ofMember = !commit.memberId().isEmpty();
        int members = group.map(known -> known.members().size()).orElse(0);
        if (!ofMember && members > 0) {
            return refused(new Failure.GroupNotEmpty(commit.group(), members));
        } else if (ofMember && member.isEmpty()) {
            return refused(new Failure.UnknownMember(commit.group(), commit.memberId()));
        } else if (!hasRoomFor(commit.group())) {
            return tooMany(commit.group());
        } else if (ofMember
                && (commit.epoch() < 1 || commit.epoch() > member.get().epoch())) {
            return refused(new Failure.FencedMemberEpoch(
                    commit.group(),
                    commit.memberId(),
                    commit.epoch(),
                    member.get().epoch()));
        }
        SortedMap<PartitionKey, Long> held = member.map(Member::ownedSince).orElseGet(TreeMap::new);
        member.ifPresent(known -> held.putAll(known.revokingSince()));
        List<GroupReply.CommitOutcome> outcomes = new ArrayList<>();
        for (GroupCommand.PartitionOffset offset : commit.offsets()) {
            Long since = held.get(offset.partition());
            if (ofMember && (since == null || since > commit.epoch())) {
                outcomes.add(notCommitted(new Failure.PartitionNotOwned(
                        commit.group(),
                        commit.memberId(),
                        offset.topic(),
                        offset.partition().partition())));
            } else if (topics.isGone(offset.partition())) {
                outcomes.add(notCommitted(new Failure.UnknownTopic(offset.topic())));
            } else {
                outcomes.add(new GroupReply.CommitOutcome(Optional.of(commit(commit, offset, step)), Optional.empty()));
            }
        }
        return new GroupReply.OffsetsCommitted(outcomes);
    }

    /** The offset that is committed then. */
    private long commit(GroupCommand.Commit commit, GroupCommand.PartitionOffset offset, Step step) {
        String name = commit.group();
        Optional<Committed> before = table.group(name)
                .flatMap(group -> Optional.ofNullable(group.offsets().get(offset.partition())));
        if (before.isPresent()
                && !commit.allowBack()
                && offset.committed().offset() < before.get().offset()) {
            return before.get().offset();
        }
        if (commit.memberId().isEmpty()) {
            inUse(name, step);
        }
        if (!before.equals(Optional.of(offset.committed()))) {
            step.emit(new Fact.OffsetIs(name, offset.partition(), offset.committed()));
        }
        return offset.committed().offset();
    }

    /** A group without members that somebody uses all the same begins anew to be empty. */
    private void inUse(String name, Step step) {
        Optional<Group> group = table.group(name);
        if (group.isEmpty() || group.get().emptyMillis() > 0) {
            step.emit(new Fact.GroupIs(name, group.map(Group::epoch).orElse(0L), 0));
        }
        emptySince.put(name, step.nowMillis);
    }

    private static GroupReply.CommitOutcome notCommitted(Failure failure) {
        return new GroupReply.CommitOutcome(Optional.empty(), Optional.of(failure));
    }

    private GroupReply fetchOffsets(GroupCommand.FetchOffsets fetch) {
        Optional<Group> group = table.group(fetch.group());
        if (!fetch.memberId().isEmpty()) {
            Optional<Member> member = group.flatMap(known -> known.member(fetch.memberId()));
            if (member.isEmpty()) {
                return refused(new Failure.UnknownMember(fetch.group(), fetch.memberId()));
            } else if (fetch.epoch() > member.get().epoch()) {
                return refused(new Failure.CoordinatorUnavailable(
                        "member '" + fetch.memberId() + "' is ahead of this coordinator, which is being replaced"));
            }
        }
        List<GroupReply.OffsetOf> offsets = group.map(GroupMachine::offsetsOf).orElse(List.of());
        return new GroupReply.Offsets(
                offsets,
                names(offsets.stream().map(GroupReply.OffsetOf::partition).toList()));
    }

    private static List<GroupReply.OffsetOf> offsetsOf(Group group) {
        return group.offsets().entrySet().stream()
                .map(entry -> new GroupReply.OffsetOf(entry.getKey(), entry.getValue()))
                .toList();
    }

    // ----------------------------------------------------------------------------------------------- looking after
    // them

    private GroupReply described(Group group) {
        Set<PartitionKey> named = new TreeSet<>(group.holders().keySet());
        named.addAll(group.offsets().keySet());
        return new GroupReply.Described(
                group.name(),
                group.state(),
                group.epoch(),
                assignorOf(group),
                new TreeMap<>(group.members()),
                offsetsOf(group),
                names(named));
    }

    private GroupReply delete(GroupCommand.Delete delete, Step step) {
        Optional<Group> group = table.group(delete.group());
        if (group.isEmpty()) {
            return refused(new Failure.UnknownGroup(delete.group()));
        }
        int members = group.get().members().size();
        if (members > 0) {
            return refused(new Failure.GroupNotEmpty(delete.group(), members));
        }
        forget(delete.group(), step);
        return new GroupReply.Done();
    }

    private void forget(String group, Step step) {
        step.emit(new Fact.GroupGone(group));
        emptySince.remove(group);
    }

    /** There are other topics, or partitions, or racks than before. */
    public Decision topicsChanged(Topics now, long nowMillis) {
        Step step = new Step(nowMillis);
        topics = now;
        for (Group group : List.copyOf(table.groups().values())) {
            for (PartitionKey partition : List.copyOf(group.offsets().keySet())) {
                if (topics.isGone(partition)) {
                    step.emit(new Fact.OffsetGone(group.name(), partition));
                }
            }
            if (!group.members().isEmpty()) {
                retarget(group, step);
                reconcile(group, step);
            }
        }
        return step.decided(new GroupReply.Done());
    }

    /** Does what the time has come for: see {@link #nextMillis}. */
    public Decision expire(long nowMillis) {
        Step step = new Step(nowMillis);
        for (Optional<Sessions.Key> due = sessions.due(nowMillis); due.isPresent(); due = sessions.due(nowMillis)) {
            Sessions.Key key = due.get();
            Group group = table.group(key.group()).orElseThrow();
            if (sessions.isExpired(key, nowMillis)) {
                remove(key.group(), key.memberId(), step);
                retarget(group, step);
            } else {
                letGo(key, group.member(key.memberId()).orElseThrow(), new TreeMap<>(), step);
            }
            reconcile(group, step);
        }
        if (nowMillis >= emptyNotedMillis + limits.emptyNotedEveryMillis()) {
            noteEmpty(step);
        }
        return step.decided(new GroupReply.Done());
    }

    /** How long each group has been empty counts the time only that coordinators have seen it so. */
    private void noteEmpty(Step step) {
        emptyNotedMillis = step.nowMillis;
        for (Map.Entry<String, Long> since : List.copyOf(emptySince.entrySet())) {
            Group group = table.group(since.getKey()).orElseThrow();
            long empty = group.emptyMillis() + step.nowMillis - since.getValue();
            if (empty >= limits.offsetsRetentionMillis()) {
                forget(group.name(), step);
            } else {
                step.emit(new Fact.GroupIs(group.name(), group.epoch(), empty));
                emptySince.put(group.name(), step.nowMillis);
            }
        }
    }

    private SortedMap<Long, String> names(Iterable<PartitionKey> partitions) {
        SortedMap<Long, String> names = new TreeMap<>();
        for (PartitionKey partition : partitions) {
            topics.withId(partition.topicId()).ifPresent(topic -> names.put(topic.id(), topic.name()));
        }
        return names;
    }

    private static GroupReply refused(Failure failure) {
        return new GroupReply.Refused(failure);
    }

    /** One decision while it is being made. */
    private final class Step {
        final long nowMillis;
        private final Map<String, Long> epochs = new HashMap<>();
        /** By what they are about: only the last of each is worth writing down. */
        private final Map<Object, Fact> facts = new LinkedHashMap<>();

        Step(long nowMillis) {
            this.nowMillis = nowMillis;
        }

        /** The epoch that this decision begins in a group: one, however much it changes. */
        long newEpoch(String group) {
            return epochs.computeIfAbsent(group, name -> {
                long next = table.group(name).map(Group::epoch).orElse(0L) + 1;
                emit(new Fact.GroupIs(name, next, 0));
                return next;
            });
        }

        void emit(Fact fact) {
            table.apply(fact);
            Object about = about(fact);
            facts.remove(about);
            facts.put(about, fact);
        }

        Decision decided(GroupReply reply) {
            return new Decision(List.copyOf(facts.values()), reply);
        }
    }

    private static Object about(Fact fact) {
        if (fact instanceof Fact.MemberIs is) {
            return new Sessions.Key(is.group(), is.memberId());
        } else if (fact instanceof Fact.MemberGone gone) {
            return new Sessions.Key(gone.group(), gone.memberId());
        } else if (fact instanceof Fact.OffsetIs is) {
            return List.of(is.group(), is.partition());
        } else if (fact instanceof Fact.OffsetGone gone) {
            return List.of(gone.group(), gone.partition());
        }
        return fact.group();
    }
}
