package io.millrace.broker.grpc;

import akka.grpc.ProtobufSerializer;
import akka.util.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import com.google.protobuf.WireFormat;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.protobuf.ByteStrings;
import io.millrace.protocol.v1.FetchResponse;
import io.millrace.protocol.v1.FetchStreamResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Function;

/** Writes answers to fetches around the batches in them, which are not copied: they go from the log into the frames of HTTP/2. */
final class FetchResponseSerializer<T extends MessageLite> implements ProtobufSerializer<T> {
    static final ProtobufSerializer<FetchResponse> UNARY =
            new FetchResponseSerializer<>(FetchResponse.parser(), FetchResponseSerializer::bytesOf);
    static final ProtobufSerializer<FetchStreamResponse> IN_STREAM =
            new FetchResponseSerializer<>(FetchStreamResponse.parser(), FetchResponseSerializer::bytesOf);

    private final Parser<T> parser;
    private final Function<T, ByteString> serialize;

    private FetchResponseSerializer(Parser<T> parser, Function<T, ByteString> serialize) {
        this.parser = parser;
        this.serialize = serialize;
    }

    @Override
    public ByteString serialize(T message) {
        return serialize.apply(message);
    }

    @Override
    public T deserialize(ByteString bytes) {
        try {
            return parser.parseFrom(bytes.toArray());
        } catch (InvalidProtocolBufferException e) {
            throw Faults.malformed(e).asException();
        }
    }

    /** Fields may come in any order: the batches are the last. */
    private static ByteString bytesOf(FetchResponse answer) {
        if (answer.getRecordBatches().isEmpty()) {
            return ByteString.fromArrayUnsafe(answer.toByteArray());
        }
        Bytes batches = ByteStrings.toBytes(answer.getRecordBatches());
        FetchResponse rest = answer.toBuilder().clearRecordBatches().build();
        return withField(
                rest,
                FetchResponse.RECORD_BATCHES_FIELD_NUMBER,
                ByteString.fromArrayUnsafe(batches.unsafeArray(), batches.unsafeOffset(), batches.size()));
    }

    private static ByteString bytesOf(FetchStreamResponse answer) {
        if (!answer.hasResponse()) {
            return ByteString.fromArrayUnsafe(answer.toByteArray());
        }
        FetchStreamResponse rest = answer.toBuilder().clearResponse().build();
        return withField(rest, FetchStreamResponse.RESPONSE_FIELD_NUMBER, bytesOf(answer.getResponse()));
    }

    /** The message, and behind it a field of it that it lacks. */
    private static ByteString withField(MessageLite rest, int field, ByteString content) {
        byte[] before = new byte
                [rest.getSerializedSize()
                        + CodedOutputStream.computeTagSize(field)
                        + CodedOutputStream.computeUInt32SizeNoTag(content.size())];
        CodedOutputStream out = CodedOutputStream.newInstance(before);
        try {
            rest.writeTo(out);
            out.writeTag(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
            out.writeUInt32NoTag(content.size());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // Nothing here does I/O.
        }
        return ByteString.fromArrayUnsafe(before).concat(content);
    }
}
