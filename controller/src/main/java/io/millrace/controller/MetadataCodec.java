package io.millrace.controller;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.DynamicSettings;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.partition.raft.Payload;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Metadata commands as the entries of the group {@code __metadata}, and what they come to: JSON, for they are few, and people read them when
 * something went wrong.
 *
 * <pre>{@code {"v":1,"type":"delete-topic","epoch":3,"name":"orders","topicId":17}}</pre>
 *
 * <p>The fields are the components of the command's record. They are written to disks that later versions read, so a
 * component is never renamed, and its meaning never changed; a golden file in the tests holds the format still.
 *
 * <p>Reading is strict: an unknown type, version or field, or a missing one, is an error. A replica that read over what
 * it does not know would apply something else than the others.
 */
public final class MetadataCodec {
    private static final int VERSION = 1;
    private static final String VERSION_FIELD = "v";
    private static final String TYPE_FIELD = "type";
    private static final String TOPICS_FIELD = "topics";
    private static final String DRAINING_FIELD = "draining";
    private static final String SETTINGS_FIELD = "brokerSettings";
    private static final String REBALANCING_FIELD = "rebalancing";
    /** Left out where they are empty: they came later than the format. */
    private static final List<String> LATER_FIELDS_OF_TOPICS = List.of("settings", "grown", "reassignments");

    private static final List<String> LATER_FIELDS_OF_CREATION = List.of("settings");

    private static final String BROKERS_FIELD = "brokers";
    private static final String BROKER_FIELD = "broker";
    /** Left out where it is the usual one: it came later. */
    private static final String CAPACITY_FIELD = "capacity";

    /** The names that the log holds: never change one. */
    private static final Map<String, Class<? extends MetadataCommand>> TYPES = Map.ofEntries(
            Map.entry("claim-controller", MetadataCommand.ClaimController.class),
            Map.entry("register-broker", MetadataCommand.RegisterBroker.class),
            Map.entry("create-topic", MetadataCommand.CreateTopic.class),
            Map.entry("alter-topic", MetadataCommand.AlterTopic.class),
            Map.entry("delete-topic", MetadataCommand.DeleteTopic.class),
            Map.entry("allocate-producer-ids", MetadataCommand.AllocateProducerIds.class),
            Map.entry("reassign-partitions", MetadataCommand.ReassignPartitions.class),
            Map.entry("complete-reassignments", MetadataCommand.CompleteReassignments.class),
            Map.entry("set-broker-state", MetadataCommand.SetBrokerState.class),
            Map.entry("unregister-broker", MetadataCommand.UnregisterBroker.class),
            Map.entry("set-broker-settings", MetadataCommand.SetBrokerSettings.class),
            Map.entry("set-rebalancing", MetadataCommand.SetRebalancing.class));

    private static final Map<Class<? extends MetadataCommand>, String> NAMES =
            TYPES.entrySet().stream().collect(Collectors.toUnmodifiableMap(Map.Entry::getValue, Map.Entry::getKey));

    private static final JsonMapper JSON = JsonMapper.builder()
            .addModule(new Jdk8Module())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(
                    DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES,
                    DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private MetadataCodec() {}

    public static Payload encode(MetadataCommand command) {
        return Payload.wrap(toJson(command).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The inverse of {@link #encode}.
     *
     * @throws MetadataFormatException for anything that {@code encode} did not make
     */
    public static MetadataCommand decode(Payload payload) {
        try {
            return fromTree(JSON.readTree(payload.array(), payload.arrayOffset(), payload.sizeBytes()));
        } catch (IOException e) {
            throw notMetadata(e);
        }
    }

    /**
     * All of the metadata, for a snapshot: equal metadata has equal bytes.
     *
     * <pre>{@code {"v":1,"clusterId":"6f9619ff","controllerEpoch":3,"controllerId":1,"brokers":{…},"topics":{…},"appliedIndex":99}}</pre>
     */
    static Payload encodeState(ClusterMetadata metadata) {
        ObjectNode state = JSON.createObjectNode();
        state.put(VERSION_FIELD, VERSION);
        state.setAll((ObjectNode) JSON.valueToTree(metadata));
        leaveOutEmpty(state, List.of(DRAINING_FIELD));
        state.path(BROKERS_FIELD).forEach(MetadataCodec::leaveOutUsualCapacity);
        if (metadata.brokerSettings().equals(DynamicSettings.NONE)) {
            state.remove(SETTINGS_FIELD);
        }
        if (!metadata.rebalancing()) {
            state.remove(REBALANCING_FIELD);
        }
        state.path(TOPICS_FIELD).forEach(topic -> leaveOutEmpty(topic, LATER_FIELDS_OF_TOPICS));
        return Payload.wrap(state.toString().getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The inverse of {@link #encodeState}.
     *
     * @throws MetadataFormatException for anything that {@code encodeState} did not make
     */
    static ClusterMetadata decodeState(Payload payload) {
        try {
            JsonNode tree = JSON.readTree(payload.array(), payload.arrayOffset(), payload.sizeBytes());
            ObjectNode state = withoutVersion(tree);
            if (!state.has(DRAINING_FIELD)) {
                state.putArray(DRAINING_FIELD);
            }
            state.path(BROKERS_FIELD).forEach(MetadataCodec::putUsualCapacity);
            if (!state.has(SETTINGS_FIELD)) {
                state.set(SETTINGS_FIELD, JSON.valueToTree(DynamicSettings.NONE));
            }
            if (!state.has(REBALANCING_FIELD)) {
                state.put(REBALANCING_FIELD, false);
            }
            state.path(TOPICS_FIELD).forEach(topic -> putEmpty(topic, LATER_FIELDS_OF_TOPICS));
            return JSON.treeToValue(state, ClusterMetadata.class);
        } catch (IOException e) {
            throw notMetadata(e);
        }
    }

    static String toJson(MetadataCommand command) {
        ObjectNode envelope = JSON.createObjectNode();
        envelope.put(VERSION_FIELD, VERSION);
        envelope.put(TYPE_FIELD, NAMES.get(command.getClass()));
        envelope.setAll((ObjectNode) JSON.valueToTree(command));
        if (command instanceof MetadataCommand.CreateTopic) {
            leaveOutEmpty(envelope, LATER_FIELDS_OF_CREATION);
        } else if (command instanceof MetadataCommand.RegisterBroker) {
            leaveOutUsualCapacity(envelope.path(BROKER_FIELD));
        }
        return envelope.toString();
    }

    static MetadataCommand fromJson(String json) {
        try {
            return fromTree(JSON.readTree(json));
        } catch (JsonProcessingException e) {
            throw notMetadata(e);
        }
    }

    private static MetadataCommand fromTree(JsonNode tree) throws JsonProcessingException {
        ObjectNode envelope = withoutVersion(tree);
        JsonNode name = envelope.remove(TYPE_FIELD);
        Class<? extends MetadataCommand> type = name == null ? null : TYPES.get(name.asText());
        if (type == null) {
            throw new MetadataFormatException("a metadata command of the unknown type " + name);
        }
        if (type.equals(MetadataCommand.CreateTopic.class)) {
            putEmpty(envelope, LATER_FIELDS_OF_CREATION);
        } else if (type.equals(MetadataCommand.RegisterBroker.class)) {
            putUsualCapacity(envelope.path(BROKER_FIELD));
        }
        return JSON.treeToValue(envelope, type);
    }

    /** What has nothing of what came later is written as it was before. */
    private static void leaveOutEmpty(JsonNode topic, List<String> fields) {
        if (topic instanceof ObjectNode node) {
            fields.stream().filter(field -> node.path(field).isEmpty()).forEach(node::remove);
        }
    }

    private static void putEmpty(JsonNode topic, List<String> fields) {
        if (topic instanceof ObjectNode node) {
            fields.stream().filter(field -> !node.has(field)).forEach(node::putObject);
        }
    }

    private static void leaveOutUsualCapacity(JsonNode broker) {
        if (broker instanceof ObjectNode node
                && node.path(CAPACITY_FIELD).asDouble() == BrokerRegistration.CAPACITY_USUAL) {
            node.remove(CAPACITY_FIELD);
        }
    }

    private static void putUsualCapacity(JsonNode broker) {
        if (broker instanceof ObjectNode node && !node.has(CAPACITY_FIELD)) {
            node.put(CAPACITY_FIELD, BrokerRegistration.CAPACITY_USUAL);
        }
    }

    private static ObjectNode withoutVersion(JsonNode tree) {
        if (!(tree instanceof ObjectNode envelope)) {
            throw new MetadataFormatException("not metadata: no JSON object");
        }
        JsonNode version = envelope.remove(VERSION_FIELD);
        if (version == null || !version.isInt() || version.intValue() != VERSION) {
            throw new MetadataFormatException(
                    "metadata in version " + version + " of the format, this broker reads " + VERSION);
        }
        return envelope;
    }

    private static MetadataFormatException notMetadata(IOException cause) {
        return new MetadataFormatException("not metadata: " + cause.getMessage(), cause);
    }
}
