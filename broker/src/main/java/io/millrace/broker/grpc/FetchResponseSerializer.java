package io.millrace.broker.grpc;

import akka.grpc.ProtobufSerializer;
import akka.util.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.protobuf.ByteStrings;
import io.millrace.protocol.v1.FetchResponse;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Writes answers to fetches around the batches in them, which are not copied: they go from the log into the frames of HTTP/2. */
final class FetchResponseSerializer implements ProtobufSerializer<FetchResponse> {
    private static final int FIELD = FetchResponse.RECORD_BATCHES_FIELD_NUMBER;

    /** Fields may come in any order: the batches are the last. */
    @Override
    public ByteString serialize(FetchResponse answer) {
        if (answer.getRecordBatches().isEmpty()) {
            return ByteString.fromArrayUnsafe(answer.toByteArray());
        }
        Bytes batches = ByteStrings.toBytes(answer.getRecordBatches());
        FetchResponse rest = answer.toBuilder().clearRecordBatches().build();
        byte[] before = new byte
                [rest.getSerializedSize()
                        + CodedOutputStream.computeTagSize(FIELD)
                        + CodedOutputStream.computeUInt32SizeNoTag(batches.size())];
        CodedOutputStream out = CodedOutputStream.newInstance(before);
        try {
            rest.writeTo(out);
            out.writeTag(FIELD, WireFormat.WIRETYPE_LENGTH_DELIMITED);
            out.writeUInt32NoTag(batches.size());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // Nothing here does I/O.
        }
        return ByteString.fromArrayUnsafe(before)
                .concat(ByteString.fromArrayUnsafe(batches.unsafeArray(), batches.unsafeOffset(), batches.size()));
    }

    @Override
    public FetchResponse deserialize(ByteString bytes) {
        try {
            return FetchResponse.parseFrom(bytes.toArray());
        } catch (InvalidProtocolBufferException e) {
            throw Faults.malformed(e).asException();
        }
    }
}
