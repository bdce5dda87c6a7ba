package io.millrace.broker.group.assign;

import io.millrace.broker.routing.PartitionKey;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** All partitions of all topics in turn, one to each member, passing over those that do not read the topic. */
final class RoundRobinAssignor implements Assignor {
    @Override
    public String name() {
        return Assignors.ROUND_ROBIN;
    }

    @Override
    public Map<String, Set<PartitionKey>> assign(Sharing sharing) {
        List<Sharing.Member> members = sharing.members();
        Shares shares = new Shares(sharing);
        int turn = 0;
        for (PartitionKey partition : sharing.partitions().keySet()) {
            for (int passed = 0; passed < members.size(); passed++) {
                Sharing.Member candidate = members.get((turn + passed) % members.size());
                if (candidate.reads(partition)) {
                    shares.give(partition, candidate);
                    turn = (turn + passed + 1) % members.size();
                    break;
                }
            }
        }
        return shares.result();
    }
}
