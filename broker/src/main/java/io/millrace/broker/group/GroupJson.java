package io.millrace.broker.group;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import io.millrace.broker.Failure;
import io.millrace.broker.group.state.Fact;
import io.millrace.broker.group.state.GroupCommand;
import io.millrace.broker.group.state.GroupReply;
import io.millrace.partition.raft.Payload;
import io.millrace.protocol.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Facts as they stand in the log, and commands and replies between brokers: JSON, for people read the log when something went wrong.
 *
 * <pre>{@code {"type":"offset","group":"g","partition":{"topicId":7,"partition":0},"committed":{"offset":5,"metadata":""}}}</pre>
 *
 * <p>The fields are the components of the records. Facts are written to disks that later versions read: a component is never renamed, and its
 * meaning never changed. Reading is strict.
 */
final class GroupJson {
    /** The names that the log holds: never change one. */
    private static final Map<String, Class<? extends Fact>> FACTS = Map.of(
            "group", Fact.GroupIs.class,
            "group-gone", Fact.GroupGone.class,
            "member", Fact.MemberIs.class,
            "member-gone", Fact.MemberGone.class,
            "offset", Fact.OffsetIs.class,
            "offset-gone", Fact.OffsetGone.class);

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    private interface Typed {}

    private static final ObjectMapper JSON = mapper();

    private GroupJson() {}

    private static ObjectMapper mapper() {
        JsonMapper.Builder builder = JsonMapper.builder()
                .addModule(new Jdk8Module())
                .enable(
                        DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                        DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                        DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);
        FACTS.forEach((name, type) -> builder.registerSubtypes(new NamedType(type, name)));
        builder.addMixIn(Fact.class, Typed.class);
        for (Class<?> family : new Class<?>[] {GroupCommand.class, GroupReply.class, Failure.class}) {
            builder.addMixIn(family, Typed.class);
            for (Class<?> type : family.getPermittedSubclasses()) {
                builder.registerSubtypes(new NamedType(type, type.getSimpleName()));
            }
        }
        return builder.build();
    }

    static Bytes encode(Fact fact) {
        return Bytes.wrap(bytes(fact, Fact.class));
    }

    /** @throws IllegalArgumentException for what is no fact that this version knows */
    static Fact decodeFact(Bytes bytes) {
        return decode(bytes.unsafeArray(), bytes.unsafeOffset(), bytes.size(), Fact.class);
    }

    static Payload encode(GroupCommand command) {
        return Payload.wrap(bytes(command, GroupCommand.class));
    }

    static Payload encode(GroupReply reply) {
        return Payload.wrap(bytes(reply, GroupReply.class));
    }

    /** @throws IllegalArgumentException for what is no command that this version knows */
    static GroupCommand decodeCommand(Payload payload) {
        return decode(payload.array(), payload.arrayOffset(), payload.sizeBytes(), GroupCommand.class);
    }

    /** @throws IllegalArgumentException for what is no reply that this version knows */
    static GroupReply decodeReply(Payload payload) {
        return decode(payload.array(), payload.arrayOffset(), payload.sizeBytes(), GroupReply.class);
    }

    private static byte[] bytes(Object value, Class<?> family) {
        try {
            return JSON.writerFor(family).writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static <T> T decode(byte[] array, int offset, int size, Class<T> family) {
        try {
            return JSON.readValue(array, offset, size, family);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "not for groups: " + new String(array, offset, Math.min(size, 200), StandardCharsets.UTF_8), e);
        }
    }
}
