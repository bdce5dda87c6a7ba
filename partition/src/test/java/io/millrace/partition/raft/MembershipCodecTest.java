package io.millrace.partition.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.millrace.partition.raft.Membership.Member;
import io.millrace.partition.raft.Membership.Standing;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class MembershipCodecTest {
    @Property
    void whatIsReadIsWhatWasWritten(
            @ForAll @Size(max = 9) List<Integer> nodes, @ForAll List<Standing> standings, @ForAll List<Long> lives) {
        TreeMap<NodeId, Member> members = new TreeMap<>();
        members.put(new NodeId(1), new Member(Standing.VOTER, 0));
        for (int i = 0; i < Math.min(nodes.size(), Math.min(standings.size(), lives.size())); i++) {
            members.put(new NodeId(nodes.get(i)), new Member(standings.get(i), lives.get(i)));
        }
        if (members.values().stream().anyMatch(member -> member.standing() == Standing.VOTER)) {
            Membership membership = new Membership(members);
            assertThat(MembershipCodec.decode(MembershipCodec.encode(membership)))
                    .isEqualTo(membership);
        }
    }

    @Test
    void everythingElseIsRefused() {
        byte[] good = MembershipCodec.encode(CoreOnBench.voters(1, 2)).toByteArray();
        byte[] newer = good.clone();
        newer[0] = 2;
        byte[] noStanding = good.clone();
        noStanding[9] = 9;
        for (byte[] bad : List.of(new byte[0], newer, noStanding, Arrays.copyOf(good, good.length - 1))) {
            assertThatIllegalArgumentException().isThrownBy(() -> MembershipCodec.decode(Payload.wrap(bad)));
        }
    }
}
