package io.millrace.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.partition.raft.Payload;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataCodecTest {
    private static final TreeMap<String, String> FLUSHED_BY_OS = new TreeMap<>(Map.of("flush.policy", "os"));

    /** What stands in the golden file, line by line. Add to both; change neither. */
    private static final List<MetadataCommand> COMMANDS = List.of(
            new MetadataCommand.ClaimController(4, 2, "6f9619ff"),
            new MetadataCommand.RegisterBroker(5, Optional.empty(), Optional.empty(), Samples.broker(1)),
            new MetadataCommand.RegisterBroker(5, Optional.of("6f9619ff"), Optional.of("old"), Samples.broker(2)),
            new MetadataCommand.CreateTopic(5, "orders", 2, List.of(List.of(1, 2), List.of(2, 1))),
            new MetadataCommand.CreateTopic(5, "logs", 1, List.of(List.of(1)), FLUSHED_BY_OS),
            new MetadataCommand.DeleteTopic(5, "orders", 17),
            new MetadataCommand.AlterTopic(5, "orders", 17, FLUSHED_BY_OS, List.of(List.of(2, 1))),
            new MetadataCommand.AlterTopic(5, "orders", 17, new TreeMap<>(), List.of()),
            new MetadataCommand.AllocateProducerIds(5, 2),
            new MetadataCommand.ReassignPartitions(
                    5,
                    List.of(
                            new MetadataCommand.PartitionTarget(
                                    "orders", 17, 0, List.of(1, 3), ReassignmentCause.REQUESTED),
                            new MetadataCommand.PartitionTarget(
                                    "orders", 17, 1, List.of(3, 2), ReassignmentCause.LOSS))),
            new MetadataCommand.CompleteReassignments(
                    5, List.of(new MetadataCommand.PartitionReassigned("orders", 17, 0, 21))),
            new MetadataCommand.SetBrokerState(5, 2, BrokerState.DRAINING),
            new MetadataCommand.SetBrokerState(5, 2, BrokerState.ACTIVE),
            new MetadataCommand.UnregisterBroker(5, 2),
            new MetadataCommand.RegisterBroker(5, Optional.empty(), Optional.empty(), Samples.withCapacity(3, 2.5)),
            new MetadataCommand.ReassignPartitions(
                    5,
                    List.of(
                            new MetadataCommand.PartitionTarget(
                                    "orders", 17, 0, List.of(1, 3), ReassignmentCause.DRAIN),
                            new MetadataCommand.PartitionTarget(
                                    "orders", 17, 1, List.of(3, 2), ReassignmentCause.BALANCE))),
            new MetadataCommand.SetBrokerSettings(
                    5, OptionalInt.empty(), new TreeMap<>(Map.of("moves-per-broker", "2"))),
            new MetadataCommand.SetBrokerSettings(5, OptionalInt.of(2), new TreeMap<>()),
            new MetadataCommand.SetRebalancing(5, true));

    @Test
    void theFormatOnDiskHasNotChanged() throws IOException {
        List<String> golden = golden();

        assertThat(COMMANDS.stream().map(MetadataCodec::toJson)).isEqualTo(golden);
        assertThat(golden.stream().map(MetadataCodecTest::decode)).isEqualTo(COMMANDS);
    }

    @Test
    void theFormatOfASnapshotHasNotChanged() {
        ClusterMetadata metadata = ClusterMetadata.EMPTY
                .apply(1, new MetadataCommand.ClaimController(0, 2, "6f9619ff"))
                .next()
                .apply(2, new MetadataCommand.RegisterBroker(1, Optional.empty(), Optional.empty(), Samples.broker(1)))
                .next()
                .apply(3, new MetadataCommand.CreateTopic(1, "orders", 1, List.of(List.of(1), List.of(1))))
                .next()
                .apply(4, new MetadataCommand.CreateTopic(1, "logs", 1, List.of(List.of(1)), FLUSHED_BY_OS))
                .next()
                .apply(5, new MetadataCommand.AlterTopic(1, "orders", 3, new TreeMap<>(), List.of(List.of(1))))
                .next();
        String golden = "{'v':1,'clusterId':'6f9619ff','controllerEpoch':1,'controllerId':2,'brokers':{'1':"
                + "{'brokerId':1,'directoryId':'directory-1','client':{'host':'host-1','port':9092},"
                + "'http':{'host':'host-1','port':8558},'rack':null}},'topics':{'logs':{'name':'logs','id':4,'replicationFactor':1,"
                + "'partitions':[[1]],'settings':{'flush.policy':'os'}},'orders':{'name':'orders','id':3,"
                + "'replicationFactor':1,'partitions':[[1],[1],[1]],'grown':{'2':5}}},'appliedIndex':5}";

        Payload encoded = MetadataCodec.encodeState(metadata);
        assertThat(new String(encoded.toByteArray(), StandardCharsets.UTF_8).replace('"', '\''))
                .isEqualTo(golden);
        assertThat(MetadataCodec.decodeState(encoded)).isEqualTo(metadata);
        assertThat(MetadataCodec.decodeState(MetadataCodec.encodeState(ClusterMetadata.EMPTY)))
                .isEqualTo(ClusterMetadata.EMPTY);
    }

    @Test
    void theFormatOfABrokersCapacityHasNotChanged() {
        ClusterMetadata metadata = Samples.apply(
                Samples.cluster(1),
                new MetadataCommand.RegisterBroker(
                        1, Optional.empty(), Optional.empty(), Samples.withCapacity(3, 2.5)));

        Payload encoded = MetadataCodec.encodeState(metadata);

        assertThat(new String(encoded.toByteArray(), StandardCharsets.UTF_8).replace('"', '\''))
                .contains("'rack':null},'3':{")
                .contains("'rack':null,'capacity':2.5}},");
        assertThat(MetadataCodec.decodeState(encoded)).isEqualTo(metadata);
    }

    @Test
    void theFormatOfWhatMovesHasNotChanged() {
        ClusterMetadata metadata = Samples.cluster(1, 2);
        metadata = Samples.apply(metadata, new MetadataCommand.SetBrokerState(1, 1, BrokerState.DRAINING));
        metadata = Samples.apply(
                metadata, new MetadataCommand.CreateTopic(1, "orders", 1, List.of(List.of(1), List.of(1), List.of(2))));
        metadata = Samples.apply(
                metadata,
                new MetadataCommand.ReassignPartitions(
                        1,
                        List.of(
                                new MetadataCommand.PartitionTarget(
                                        "orders", 5, 0, List.of(2), ReassignmentCause.REQUESTED),
                                new MetadataCommand.PartitionTarget(
                                        "orders", 5, 1, List.of(2), ReassignmentCause.REQUESTED))));
        metadata = Samples.apply(
                metadata,
                new MetadataCommand.CompleteReassignments(
                        1, List.of(new MetadataCommand.PartitionReassigned("orders", 5, 1, 6))));

        Payload encoded = MetadataCodec.encodeState(metadata);

        assertThat(new String(encoded.toByteArray(), StandardCharsets.UTF_8).replace('"', '\''))
                .contains("'draining':[1],'topics':")
                .contains(
                        "'partitions':[[1],[2],[2]],'reassignments':{'0':{'founders':[1],'target':[2],'cause':'REQUESTED','index':6},"
                                + "'1':{'founders':[1],'target':null,'cause':'REQUESTED','index':6}}}},'appliedIndex':7}");
        assertThat(MetadataCodec.decodeState(encoded)).isEqualTo(metadata);
    }

    @Test
    void theFormatOfSettingsOfBrokersHasNotChanged() {
        ClusterMetadata metadata = Samples.apply(
                Samples.apply(
                        Samples.cluster(2),
                        new MetadataCommand.SetBrokerSettings(
                                1, OptionalInt.empty(), new TreeMap<>(Map.of("moves-per-broker", "2")))),
                new MetadataCommand.SetBrokerSettings(
                        1, OptionalInt.of(2), new TreeMap<>(Map.of("moves-per-broker", "3"))));

        Payload encoded = MetadataCodec.encodeState(metadata);

        assertThat(new String(encoded.toByteArray(), StandardCharsets.UTF_8).replace('"', '\''))
                .endsWith(
                        "'brokerSettings':{'byBroker':{'-1':{'moves-per-broker':'2'},'2':{'moves-per-broker':'3'}}},'appliedIndex':4}");
        assertThat(MetadataCodec.decodeState(encoded)).isEqualTo(metadata);
    }

    @Test
    void theFormatOfARebalanceHasNotChanged() {
        ClusterMetadata metadata = Samples.apply(Samples.cluster(2), new MetadataCommand.SetRebalancing(1, true));

        Payload encoded = MetadataCodec.encodeState(metadata);

        assertThat(new String(encoded.toByteArray(), StandardCharsets.UTF_8).replace('"', '\''))
                .endsWith("'topics':{},'rebalancing':true,'appliedIndex':3}");
        assertThat(MetadataCodec.decodeState(encoded)).isEqualTo(metadata);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "null", "{}", "{\"v\":1}", "{\"v\":2,\"appliedIndex\":0}"})
    void whatIsNoSnapshotIsRefused(String json) {
        Payload bytes = Payload.wrap(json.getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> MetadataCodec.decodeState(bytes)).isInstanceOf(MetadataFormatException.class);
    }

    @Test
    void theGoldenFileHoldsEveryKindOfCommand() {
        assertThat(COMMANDS.stream().<Class<?>>map(Object::getClass).distinct())
                .containsExactlyInAnyOrder(MetadataCommand.class.getPermittedSubclasses());
    }

    @Test
    void whatIsEncodedIsDecoded() {
        assertThat(COMMANDS).allSatisfy(command -> assertThat(MetadataCodec.decode(MetadataCodec.encode(command)))
                .isEqualTo(command));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "garbage",
                "null",
                "17",
                "[]",
                "{}",
                "{\"v\":1}",
                "{\"v\":1,\"type\":\"rename-topic\",\"epoch\":1}",
                "{\"v\":2,\"type\":\"delete-topic\",\"epoch\":5,\"name\":\"orders\",\"topicId\":17}",
                "{\"type\":\"delete-topic\",\"epoch\":5,\"name\":\"orders\",\"topicId\":17}",
                "{\"v\":1,\"type\":\"delete-topic\",\"epoch\":5,\"name\":\"orders\"}",
                "{\"v\":1,\"type\":\"delete-topic\",\"epoch\":5,\"name\":\"orders\",\"topicId\":null}",
                "{\"v\":1,\"type\":\"delete-topic\",\"epoch\":5,\"name\":null,\"topicId\":17}",
                "{\"v\":1,\"type\":\"delete-topic\",\"epoch\":5,\"name\":\"orders\",\"topicId\":\"17\"}",
                "{\"v\":1,\"type\":\"delete-topic\",\"epoch\":5,\"name\":\"orders\",\"topicId\":17.5}",
                "{\"v\":1,\"type\":\"delete-topic\",\"epoch\":5,\"name\":\"orders\",\"topicId\":17,\"force\":true}",
                "{\"v\":1,\"type\":\"delete-topic\",\"epoch\":5,\"epoch\":6,\"name\":\"orders\",\"topicId\":17}",
                "{\"v\":1,\"type\":\"delete-topic\",\"epoch\":5,\"name\":\"orders\",\"topicId\":17} x",
                "{\"v\":1,\"type\":\"create-topic\",\"epoch\":5,\"name\":\"a\",\"replicationFactor\":1,\"assignment\":[null]}",
                "{\"v\":1,\"type\":\"create-topic\",\"epoch\":5,\"name\":\"a\",\"replicationFactor\":1,\"assignment\":[[null]]}",
            })
    void anythingElseIsRefused(String json) {
        assertThatThrownBy(() -> decode(json)).isInstanceOf(MetadataFormatException.class);
        assertThatThrownBy(() -> MetadataCodec.fromJson(json)).isInstanceOf(MetadataFormatException.class);
    }

    @Test
    void aCommandThatWasCutShortIsRefused() {
        for (MetadataCommand command : COMMANDS) {
            Payload whole = MetadataCodec.encode(command);
            for (int length = 0; length < whole.sizeBytes(); length++) {
                Payload cut = Payload.wrap(whole.toByteArray(), 0, length);
                assertThatThrownBy(() -> MetadataCodec.decode(cut)).isInstanceOf(MetadataFormatException.class);
            }
        }
    }

    private static MetadataCommand decode(String json) {
        return MetadataCodec.decode(Payload.wrap(json.getBytes(StandardCharsets.UTF_8)));
    }

    private static List<String> golden() throws IOException {
        try (InputStream file = MetadataCodecTest.class.getResourceAsStream("metadata-commands-v1.jsonl")) {
            return new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
    }
}
