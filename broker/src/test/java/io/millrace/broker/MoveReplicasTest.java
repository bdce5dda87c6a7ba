package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.millrace.protocol.v1.BrokerState;
import io.millrace.protocol.v1.DrainBrokerRequest;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.ListBrokersRequest;
import io.millrace.protocol.v1.ListReassignmentsRequest;
import io.millrace.protocol.v1.PartitionDestination;
import io.millrace.protocol.v1.ReassignPartitionsRequest;
import io.millrace.protocol.v1.UndrainBrokerRequest;
import io.millrace.protocol.v1.UnregisterBrokerRequest;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Wishes to move replicas where there is but one broker: all that can be refused, as clients are told. */
class MoveReplicasTest extends WithOneBroker {
    private static int self() {
        return listed().getBroker().getId();
    }

    private static BrokerState listed() {
        return admin.listBrokers(ListBrokersRequest.getDefaultInstance())
                .getBrokersList()
                .get(0);
    }

    private static ReassignPartitionsRequest to(String topic, int partition, Integer... brokers) {
        return ReassignPartitionsRequest.newBuilder()
                .addPartitions(PartitionDestination.newBuilder()
                        .setTopic(topic)
                        .setPartition(partition)
                        .addAllBrokers(List.of(brokers)))
                .build();
    }

    @Test
    void whatDoesNotExistIsNotMovedAndNotMovedTo() {
        String topic = newTopicWith(Map.of());
        assertThat(failure(() -> admin.reassignPartitions(to("nothing", 0, self())))
                        .reason())
                .isEqualTo(ErrorReason.UNKNOWN_TOPIC);
        assertThat(failure(() -> admin.reassignPartitions(to(topic, 99, self())))
                        .reason())
                .isEqualTo(ErrorReason.UNKNOWN_PARTITION);
        Told told = failure(() -> admin.reassignPartitions(to(topic, 0, self() + 1)));
        assertThat(told.reason()).isEqualTo(ErrorReason.UNKNOWN_BROKER);
        assertThat(told.data()).containsEntry("broker", "" + (self() + 1));
        assertThat(told.code()).isEqualTo(Status.Code.NOT_FOUND);
    }

    @Test
    void whatIsNotPossibleIsRefusedWithTheReason() {
        String topic = newTopicWith(Map.of());
        Told twice = failure(() -> admin.reassignPartitions(to(topic, 0, self(), self())));
        assertThat(twice.reason()).isEqualTo(ErrorReason.REASSIGNMENT_REFUSED);
        assertThat(twice.code()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(twice.data().get("problem")).contains("two replicas on broker");
        assertThat(failure(() -> admin.reassignPartitions(to(topic, 0))).data().get("problem"))
                .contains("not being moved");
        Told drain = failure(() -> admin.drainBroker(
                DrainBrokerRequest.newBuilder().setBroker(self()).build()));
        assertThat(drain.reason()).isEqualTo(ErrorReason.REASSIGNMENT_REFUSED);
        assertThat(drain.data().get("problem")).contains("cannot be drained", "no other broker");
        assertThat(failure(() -> admin.unregisterBroker(UnregisterBrokerRequest.newBuilder()
                                .setBroker(self())
                                .build()))
                        .data()
                        .get("problem"))
                .contains("votes on the cluster's metadata");
        assertThat(failure(() -> admin.undrainBroker(UndrainBrokerRequest.newBuilder()
                                .setBroker(self() + 1)
                                .build()))
                        .reason())
                .isEqualTo(ErrorReason.UNKNOWN_BROKER);
    }

    @Test
    void whereAPartitionIsAlreadyThereIsNothingToDo() {
        String topic = newTopicWith(Map.of());
        assertThat(admin.reassignPartitions(to(topic, 0, self())).getMovesList())
                .isEmpty();
        assertThat(admin.listReassignments(ListReassignmentsRequest.getDefaultInstance())
                        .getReassignmentsList())
                .isEmpty();
        assertThat(listed().getReplicas()).isPositive();
        assertThat(listed().getDraining()).isFalse();
        assertThat(listed().getVotesOnMetadata()).isTrue();
    }
}
