package io.millrace.partition.replica;

import akka.actor.typed.ActorRef;
import io.millrace.partition.raft.RaftStatus;
import io.millrace.partition.replica.PartitionCommand.GetStatus;
import java.util.ArrayList;
import java.util.List;

/** Those who ask how a replica stands while its Raft member is asked, once for all of them. */
public final class StatusRequests {
    private final ActorRef<RaftCommand> raft;
    private final ActorRef<RaftStatus> answered;
    private final List<GetStatus> waiting = new ArrayList<>();

    /** @param answered hears how the Raft member stands; then {@link #answer} is to be called */
    public StatusRequests(ActorRef<RaftCommand> raft, ActorRef<RaftStatus> answered) {
        this.raft = raft;
        this.answered = answered;
    }

    /** Answered later. */
    public void add(GetStatus request) {
        if (waiting.isEmpty()) {
            raft.tell(new RaftCommand.GetStatus(answered));
        }
        waiting.add(request);
    }

    /** Answers all that wait. */
    public void answer(PartitionStatus status) {
        waiting.forEach(request -> answer(request, status));
        waiting.clear();
    }

    public static void answer(GetStatus request, PartitionStatus status) {
        request.replyTo().tell(new PartitionReply.Status(request.requestId(), status));
    }
}
