package io.millrace.cluster.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.cluster.chaos.GroupAudit.Event;
import io.millrace.cluster.chaos.GroupAudit.Findings;
import io.millrace.cluster.chaos.GroupAudit.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** That a group cannot look well when it is not. */
class GroupAuditTest {
    private final Sent sent = new Sent(0);
    private final List<Event> first = new ArrayList<>();
    private final List<Event> second = new ArrayList<>();
    private long nanos;

    GroupAuditTest() {
        for (int number = 0; number < 4; number++) {
            assertThat(sent.next()).isEqualTo(Sent.valueOf(0, number));
            sent.acknowledged(number, number);
        }
    }

    private void began(List<Event> member) {
        member.add(new Event(Kind.BEGAN, nanos++, 0, Event.NONE, Event.NONE));
    }

    private void handled(List<Event> member, long... offsets) {
        for (long offset : offsets) {
            member.add(new Event(Kind.HANDLED, nanos++, 0, offset, offset));
        }
    }

    private void released(List<Event> member, long offset) {
        member.add(new Event(Kind.COMMITTED, nanos++, 0, offset, Event.NONE));
        member.add(new Event(Kind.RELEASED, nanos++, 0, Event.NONE, Event.NONE));
    }

    private Findings found() {
        return GroupAudit.of(List.of(sent), List.of(first, second));
    }

    @Test
    void aHandOverWhereNothingIsDoneTwiceIsWell() {
        began(first);
        handled(first, 0, 1);
        released(first, 2);
        began(second);
        handled(second, 2, 3);
        assertThat(found()).isEqualTo(new Findings(4, 0, 0, 0, 0, 0, 1, 1, 0, List.of()));
        assertThat(found().isWell()).isTrue();
    }

    @Test
    void whatWasNotCommittedMayBeHandledAgain() {
        began(first);
        handled(first, 0, 1);
        began(second);
        handled(second, 0, 1, 2, 3);
        assertThat(found().isWell()).isTrue();
        assertThat(found().again()).isEqualTo(2);
    }

    @Test
    void whatIsHandledAgainAfterItsCommitIsFound() {
        began(first);
        handled(first, 0, 1);
        released(first, 2);
        began(second);
        handled(second, 1, 2, 3);
        assertThat(found().committedAgain()).isEqualTo(1);
        assertThat(found().isWell()).isFalse();
    }

    @Test
    void whatIsCommittedBeforeItIsHandledAndThenNotHandledIsFound() {
        began(first);
        handled(first, 0);
        released(first, 2);
        began(second);
        handled(second, 2, 3);
        assertThat(found().missed()).isEqualTo(1);
        assertThat(GroupAudit.missing(List.of(sent), List.of(first, second))).isEqualTo(1);
        assertThat(found().isWell()).isFalse();
    }

    @Test
    void anOwnerThatSkipsOrGoesBackIsFound() {
        began(first);
        handled(first, 0, 2, 1, 3);
        assertThat(found().disordered()).isEqualTo(3);
        assertThat(found().isWell()).isFalse();
    }

    @Test
    void whoeverIsGivenAPartitionAgainMayBeginElsewhere() {
        began(first);
        handled(first, 0, 1, 2);
        began(first);
        handled(first, 1, 2, 3);
        assertThat(found().isWell()).isTrue();
    }

    @Test
    void aRecordThatIsNotTheOneThatWasSentIsFound() {
        began(first);
        handled(first, 0, 1, 2);
        first.add(new Event(Kind.HANDLED, nanos++, 0, 3, Event.NONE));
        assertThat(found().changed()).isEqualTo(1);
        assertThat(found().isWell()).isFalse();
    }

    @Test
    void aLineSaysAllOfAnEvent() {
        Event event = new Event(Kind.HANDLED, 17, 3, 4, 5);
        assertThat(Event.parse(event.line())).isEqualTo(event);
    }
}
