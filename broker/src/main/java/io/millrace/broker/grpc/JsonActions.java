package io.millrace.broker.grpc;

import akka.grpc.javadsl.Metadata;
import akka.grpc.javadsl.MetadataBuilder;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.millrace.broker.Failure;
import io.millrace.broker.config.LiveSettings;
import io.millrace.protocol.v1.AlterBrokerConfigRequest;
import io.millrace.protocol.v1.AlterTopicRequest;
import io.millrace.protocol.v1.CreateTopicRequest;
import io.millrace.protocol.v1.DeleteGroupRequest;
import io.millrace.protocol.v1.DeleteTopicRequest;
import io.millrace.protocol.v1.DrainBrokerRequest;
import io.millrace.protocol.v1.ReassignPartitionsRequest;
import io.millrace.protocol.v1.RebalanceLeadersRequest;
import io.millrace.protocol.v1.RebalanceReplicasRequest;
import io.millrace.protocol.v1.ResetOffsetsRequest;
import io.millrace.protocol.v1.TransferLeaderRequest;
import io.millrace.protocol.v1.UndrainBrokerRequest;
import io.millrace.protocol.v1.UnregisterBrokerRequest;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;

/**
 * The administrative calls of the gRPC API for who speaks JSON: the same messages in protobuf's JSON, through the same services, so
 * with the same checks. A call that is to be there as well gets a line in {@link #over}, and its page in {@code openapi.yaml}.
 */
public final class JsonActions {
    private static final Metadata NO_DEADLINE = new MetadataBuilder().build();
    private static final JsonFormat.Printer PRINTER = JsonFormat.printer().includingDefaultValueFields();

    private interface Action {
        CompletionStage<? extends Message> perform(String json);
    }

    private final Map<String, Action> actions = new TreeMap<>();

    private JsonActions() {}

    public static JsonActions over(LiveSettings settings, GrpcServer.Backend backend) {
        Deadlines deadlines = new Deadlines(settings.get().frontDoor());
        AdminFrontDoor admin = GrpcServer.admin(settings, backend, deadlines);
        GroupFrontDoor groups = GrpcServer.groups(backend, deadlines);
        JsonActions actions = new JsonActions();
        actions.add("create-topic", CreateTopicRequest.getDefaultInstance(), admin::createTopic);
        actions.add("alter-topic", AlterTopicRequest.getDefaultInstance(), admin::alterTopic);
        actions.add("delete-topic", DeleteTopicRequest.getDefaultInstance(), admin::deleteTopic);
        actions.add("transfer-leader", TransferLeaderRequest.getDefaultInstance(), admin::transferLeader);
        actions.add("rebalance-leaders", RebalanceLeadersRequest.getDefaultInstance(), admin::rebalanceLeaders);
        actions.add("reassign-partitions", ReassignPartitionsRequest.getDefaultInstance(), admin::reassignPartitions);
        actions.add("rebalance-replicas", RebalanceReplicasRequest.getDefaultInstance(), admin::rebalanceReplicas);
        actions.add("drain-broker", DrainBrokerRequest.getDefaultInstance(), admin::drainBroker);
        actions.add("undrain-broker", UndrainBrokerRequest.getDefaultInstance(), admin::undrainBroker);
        actions.add("unregister-broker", UnregisterBrokerRequest.getDefaultInstance(), admin::unregisterBroker);
        actions.add("alter-broker-config", AlterBrokerConfigRequest.getDefaultInstance(), admin::alterBrokerConfig);
        actions.add("delete-group", DeleteGroupRequest.getDefaultInstance(), groups::deleteGroup);
        actions.add("reset-offsets", ResetOffsetsRequest.getDefaultInstance(), groups::resetOffsets);
        return actions;
    }

    public Set<String> names() {
        return Set.copyOf(actions.keySet());
    }

    /**
     * Fails with a {@link io.millrace.broker.FailureException}.
     *
     * @param json the request
     * @return the response, in JSON
     * @throws io.millrace.broker.FailureException if it cannot be done
     */
    public CompletionStage<String> perform(String name, String json) {
        Action action = actions.get(name);
        if (action == null) {
            throw new IllegalArgumentException(name);
        }
        return action.perform(json).thenApply(JsonActions::print);
    }

    @SuppressWarnings("unchecked") // A builder of one type of message builds that type.
    private <Q extends Message> void add(
            String name, Q empty, BiFunction<Q, Metadata, ? extends CompletionStage<? extends Message>> call) {
        actions.put(name, json -> call.apply((Q) parse(empty.newBuilderForType(), json), NO_DEADLINE));
    }

    private static Message parse(Message.Builder builder, String json) {
        try {
            JsonFormat.parser().merge(json, builder);
            return builder.build();
        } catch (InvalidProtocolBufferException e) {
            throw new Failure.InvalidRequest("body", String.valueOf(e.getMessage())).asException();
        }
    }

    private static String print(Message answer) {
        try {
            return PRINTER.print(answer) + "\n";
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException(e); // Ours have nothing that JSON cannot say.
        }
    }
}
