package io.millrace.client;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.millrace.protocol.protobuf.ByteStrings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;

/**
 * Reads messages whose fields of bytes share the one array that the message came in, where gRPC's own copies each field once more. So whoever
 * keeps such a field keeps the whole message.
 */
final class AliasingMarshaller<T extends MessageLite> implements MethodDescriptor.Marshaller<T> {
    private final MethodDescriptor.Marshaller<T> usual;
    private final Parser<T> parser;

    /** @param usual marshaller of the same messages, which writes them */
    AliasingMarshaller(MethodDescriptor.Marshaller<T> usual, Parser<T> parser) {
        this.usual = usual;
        this.parser = parser;
    }

    @Override
    public InputStream stream(T message) {
        return usual.stream(message);
    }

    @Override
    public T parse(InputStream stream) {
        try {
            return ByteStrings.parseSharing(parser, bytesOf(stream));
        } catch (InvalidProtocolBufferException e) {
            throw Status.INTERNAL
                    .withDescription("Invalid protobuf byte sequence")
                    .withCause(e)
                    .asRuntimeException();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Of a stream that knows its size, without pieces. */
    private static byte[] bytesOf(InputStream stream) throws IOException {
        if (!(stream instanceof KnownLength)) {
            return stream.readAllBytes();
        }
        byte[] all = new byte[stream.available()];
        int read = stream.readNBytes(all, 0, all.length);
        return read == all.length ? all : Arrays.copyOf(all, read);
    }
}
