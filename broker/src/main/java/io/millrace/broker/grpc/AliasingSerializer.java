package io.millrace.broker.grpc;

import akka.grpc.ProtobufSerializer;
import akka.util.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.millrace.protocol.protobuf.ByteStrings;
import io.millrace.protocol.v1.MessageService;
import io.millrace.protocol.v1.ProduceRequest;
import io.millrace.protocol.v1.ProduceStreamRequest;

/**
 * Reads messages whose fields of bytes share the one array that the message came in, where Akka gRPC's own copies each field once
 * more. The array belongs to the message alone: Akka's bytes, which lie in pieces, are copied into it.
 */
final class AliasingSerializer<T extends MessageLite> implements ProtobufSerializer<T> {
    private final Parser<T> parser;

    private AliasingSerializer(Parser<T> parser) {
        this.parser = parser;
    }

    /** For the messages that carry records, in all servers of this process: the generated handlers know of one serializer only. */
    static void install() {
        MessageService.Serializers.ProduceRequestSerializer = new AliasingSerializer<>(ProduceRequest.parser());
        MessageService.Serializers.ProduceStreamRequestSerializer =
                new AliasingSerializer<>(ProduceStreamRequest.parser());
        MessageService.Serializers.FetchResponseSerializer = FetchResponseSerializer.UNARY;
        MessageService.Serializers.FetchStreamResponseSerializer = FetchResponseSerializer.IN_STREAM;
    }

    @Override
    public ByteString serialize(T message) {
        return ByteString.fromArrayUnsafe(message.toByteArray());
    }

    @Override
    public T deserialize(ByteString bytes) {
        try {
            return ByteStrings.parseSharing(parser, bytes.toArray());
        } catch (InvalidProtocolBufferException e) {
            throw Faults.malformed(e).asException();
        }
    }
}
