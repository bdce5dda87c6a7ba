package io.millrace.protocol.protobuf;

import com.google.protobuf.ByteOutput;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import com.google.protobuf.UnsafeByteOperations;
import io.millrace.protocol.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Between protobuf's bytes and ours, without copying. */
public final class ByteStrings {
    private ByteStrings() {}

    /** For reading only. */
    public static Bytes toBytes(ByteString string) {
        return takeOver(string);
    }

    /**
     * The array that the string wraps, or a part of it. If whoever gives it holds the only reference to it, as a
     * message does that was parsed from an array of its own, the taker may write to that part; the string must not be used any more then.
     */
    public static Bytes takeOver(ByteString string) {
        Capture capture = new Capture();
        try {
            UnsafeByteOperations.unsafeWriteTo(string, capture);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // Nothing here does I/O.
        }
        Bytes only = capture.only;
        return only != null && only.size() == string.size() ? only : Bytes.wrap(string.toByteArray());
    }

    /** The bytes must never change from now on. */
    public static ByteString wrap(Bytes bytes) {
        return UnsafeByteOperations.unsafeWrap(bytes.unsafeArray(), bytes.unsafeOffset(), bytes.size());
    }

    /**
     * A message whose fields of bytes share this array, where protobuf's own parsers copy each field. Whoever keeps such a field keeps the
     * array.
     *
     * @param encoded must never change from now on
     * @throws InvalidProtocolBufferException if it is no such message
     */
    public static <T> T parseSharing(Parser<T> parser, byte[] encoded) throws InvalidProtocolBufferException {
        CodedInputStream in = UnsafeByteOperations.unsafeWrap(encoded).newCodedInput();
        in.enableAliasing(true);
        T message = parser.parseFrom(in);
        in.checkLastTagWas(0);
        return message;
    }

    /** Takes what a string is made of; most are one array. */
    private static final class Capture extends ByteOutput {
        private @Nullable Bytes only;

        @Override
        public void write(byte value) {}

        @Override
        public void write(byte[] value, int offset, int length) {}

        @Override
        public void writeLazy(byte[] value, int offset, int length) {
            only = Bytes.wrap(value, offset, length);
        }

        @Override
        public void write(ByteBuffer value) {}

        @Override
        public void writeLazy(ByteBuffer value) {}
    }
}
