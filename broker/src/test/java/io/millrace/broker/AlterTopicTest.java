package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.millrace.protocol.v1.AlterTopicRequest;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.DescribeTopicRequest;
import io.millrace.protocol.v1.ErrorReason;
import io.millrace.protocol.v1.PartitionReplicas;
import io.millrace.protocol.v1.Topic;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Topics that become others while they are in use. */
class AlterTopicTest extends WithOneBroker {
    private static AlterTopicRequest.Builder of(String topic) {
        return AlterTopicRequest.newBuilder().setName(topic);
    }

    private static Topic described(String topic) {
        return admin.describeTopic(
                        DescribeTopicRequest.newBuilder().setName(topic).build())
                .getTopic();
    }

    @Test
    void theLargestMessageIsAnotherAtOnce() {
        String topic = newTopicWith(Map.of("retention.ms", "3600000"));
        messages.produce(records(topic, 0, value("x".repeat(2_000))));

        Topic altered = admin.alterTopic(
                        of(topic).putSettings("max.message.bytes", "1000").build())
                .getTopic();
        assertThat(altered.getSettingsMap())
                .containsEntry("max.message.bytes", "1000")
                .containsEntry("retention.ms", "3600000");
        assertThat(described(topic)).isEqualTo(altered);
        Told told = failure(() -> messages.produce(records(topic, 0, value("x".repeat(2_000)))));
        assertThat(told.reason()).isEqualTo(ErrorReason.MESSAGE_TOO_LARGE);
        assertThat(told.data()).containsEntry("limit_bytes", "1000");
        assertThat(failure(() -> messages.produce(batches(topic, batch("x".repeat(2_000)))))
                        .reason())
                .isEqualTo(ErrorReason.MESSAGE_TOO_LARGE);

        admin.alterTopic(of(topic).addResetSettings("max.message.bytes").build());
        assertThat(messages.produce(records(topic, 0, value("x".repeat(2_000)))).getBaseOffset())
                .isEqualTo(1);
    }

    @Test
    void recordsAreComparedFromThenOnAndNoneIsLost() {
        String topic = newTopicWith(Map.of());
        messages.produce(records(topic, 0, value("first")));
        admin.alterTopic(
                of(topic).putSettings("deduplication.window.ms", "3600000").build());

        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        boolean compared = false;
        while (!compared && System.nanoTime() < giveUp) { // each broker hears of it in its own time
            compared = messages.produce(records(topic, 0, value("again"))).getDuplicatesCount() == 1;
        }
        assertThat(compared).isTrue();
        assertThat(messages.fetch(fetch(topic, 0, 0).build())
                        .getRecords(0)
                        .getValue()
                        .toStringUtf8())
                .isEqualTo("first");
    }

    @Test
    void aTopicGetsMorePartitions() {
        String topic = newTopicWith(Map.of());
        messages.produce(records(topic, 0, value("old")));

        Topic grown = admin.alterTopic(of(topic).setPartitions(3).build()).getTopic();
        assertThat(grown.getPartitionsList()).allMatch(partition -> partition.getLeader() == 1);
        assertThat(messages.produce(records(topic, 2, value("new"))).getBaseOffset())
                .isZero();
        assertThat(messages.fetch(fetch(topic, 0, 0).build()).getRecordsCount()).isEqualTo(1);
        assertThat(described(topic).getPartitionsCount()).isEqualTo(3);

        assertThat(admin.alterTopic(of(topic).setPartitions(3).build()).getTopic())
                .isEqualTo(described(topic));
    }

    @Test
    void brokersAreNamedForPartitionsThatAreMadeAndAdded() {
        PartitionReplicas here = PartitionReplicas.newBuilder().addBrokers(1).build();
        PartitionReplicas nowhere = PartitionReplicas.newBuilder().addBrokers(9).build();
        CreateTopicRequest.Builder placed = CreateTopicRequest.newBuilder().setName("placed");

        Topic created = admin.createTopic(
                        placed.clone().addAssignment(here).addAssignment(here).build())
                .getTopic();
        assertThat(created.getReplicationFactor()).isEqualTo(1);
        assertThat(created.getPartitionsList())
                .hasSize(2)
                .allMatch(partition -> partition.getReplicasList().equals(List.of(1)) && partition.hasLeader());
        assertThat(admin.alterTopic(of("placed")
                                .setPartitions(3)
                                .addAssignment(here)
                                .build())
                        .getTopic()
                        .getPartitionsCount())
                .isEqualTo(3);

        Told refused = failure(() -> admin.createTopic(
                placed.clone().setName("misplaced").addAssignment(nowhere).build()));
        assertThat(refused.reason()).isEqualTo(ErrorReason.INVALID_REQUEST);
        assertThat(refused.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(refused.data()).containsEntry("field", "assignment");
        assertThat(failure(() -> admin.alterTopic(of("placed")
                                .setPartitions(4)
                                .addAssignment(nowhere)
                                .build()))
                        .data())
                .containsEntry("field", "assignment");
    }

    @Test
    void whatCannotBeIsRefused() {
        String topic = newTopicWith(Map.of());
        Topic before = described(topic);

        Told settings = failure(
                () -> admin.alterTopic(of(topic).putSettings("retention", "5").build()));
        assertThat(settings.reason()).isEqualTo(ErrorReason.INVALID_REQUEST);
        assertThat(settings.data()).containsEntry("field", "settings");
        assertThat(failure(() -> admin.alterTopic(
                                of(topic).addResetSettings("no").build()))
                        .reason())
                .isEqualTo(ErrorReason.INVALID_REQUEST);
        assertThat(failure(() ->
                                admin.alterTopic(of(topic).setPartitions(20_000).build()))
                        .reason())
                .isEqualTo(ErrorReason.INVALID_PARTITIONS);
        admin.alterTopic(of(topic).setPartitions(2).build());
        assertThat(failure(() -> admin.alterTopic(of(topic).setPartitions(1).build()))
                        .reason())
                .isEqualTo(ErrorReason.INVALID_REQUEST);
        assertThat(failure(() -> admin.alterTopic(of("nobody-made-this").build()))
                        .reason())
                .isEqualTo(ErrorReason.UNKNOWN_TOPIC);
        Told internal =
                failure(() -> admin.alterTopic(of("__groups").setPartitions(9).build()));
        assertThat(internal.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(described(topic).getSettingsMap()).isEqualTo(before.getSettingsMap());
    }
}
