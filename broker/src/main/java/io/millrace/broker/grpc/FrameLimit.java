package io.millrace.broker.grpc;

import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpEntity;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.RequestEntity;
import akka.stream.Attributes;
import akka.stream.FlowShape;
import akka.stream.Inlet;
import akka.stream.Outlet;
import akka.stream.javadsl.Source;
import akka.stream.stage.AbstractInHandler;
import akka.stream.stage.AbstractOutHandler;
import akka.stream.stage.GraphStage;
import akka.stream.stage.GraphStageLogic;
import akka.util.ByteString;
import akka.util.ByteStringBuilder;
import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * Holds each gRPC message of a request to a size, as Akka gRPC does not.
 *
 * <p>A message on the wire is a frame: one byte that says whether it is compressed, four with its length, and so many bytes. The
 * length is enough to refuse an oversized message before a byte of it has been kept. Compressed messages are
 * inflated here, and only as far as the limit, since a few kilobytes of gzip can stand for gigabytes; behind this the
 * request is plain.
 */
final class FrameLimit {
    private static final String ENCODING = "grpc-encoding";
    private static final int HEADER_SIZE = 5;
    private static final long DROPPED_BYTES_MAX = 256L << 20;

    private final int messageBytesMax;

    FrameLimit(int messageBytesMax) {
        this.messageBytesMax = messageBytesMax;
    }

    /**
     * The same request, without compression; reading it fails where a message is too large, or there is no memory for it.
     *
     * @param memory what its messages are held in
     */
    HttpRequest applyTo(HttpRequest request, RequestMemory.Hold memory) {
        boolean gzip = request.getHeader(ENCODING)
                .map(header -> header.value().equalsIgnoreCase("gzip"))
                .orElse(false);
        RequestEntity limited = limit(request.entity(), gzip, memory);
        return gzip ? request.removeHeader(ENCODING).withEntity(limited) : request.withEntity(limited);
    }

    private RequestEntity limit(RequestEntity entity, boolean gzip, RequestMemory.Hold memory) {
        if (entity instanceof HttpEntity.Strict strict) {
            ByteString data = strict.getData();
            ByteStringBuilder plain = new ByteStringBuilder();
            try {
                new Frames(gzip, memory).accept(data).forEach(plain::append);
            } catch (FailureException e) {
                memory.ended();
                return HttpEntities.createChunked(entity.getContentType(), Source.failed(e));
            }
            return gzip ? HttpEntities.create(entity.getContentType(), plain.result()) : entity;
        }
        return HttpEntities.createChunked(
                entity.getContentType(),
                entity.withoutSizeLimit().getDataBytes().via(new Limited(gzip, memory)));
    }

    /**
     * The entity's bytes through {@link Frames}. After a failure, here or behind, what still comes is read and dropped, to an extent:
     * giving the entity up at once would make Akka HTTP reset the stream, and the client would hear CANCELLED instead of why.
     */
    private final class Limited extends GraphStage<FlowShape<ByteString, ByteString>> {
        private final Inlet<ByteString> in = Inlet.create("bytes.in");
        private final Outlet<ByteString> out = Outlet.create("bytes.out");
        private final FlowShape<ByteString, ByteString> shape = FlowShape.of(in, out);
        private final boolean gzip;
        private final RequestMemory.Hold memory;

        Limited(boolean gzip, RequestMemory.Hold memory) {
            this.gzip = gzip;
            this.memory = memory;
        }

        @Override
        public FlowShape<ByteString, ByteString> shape() {
            return shape;
        }

        @Override
        public GraphStageLogic createLogic(Attributes attributes) {
            return new Logic();
        }

        private final class Logic extends GraphStageLogic {
            private final Frames frames = new Frames(gzip, memory);
            private long dropped;

            Logic() {
                super(shape);
                setHandler(in, new AbstractInHandler() {
                    @Override
                    public void onPush() {
                        onBytes(grab(in));
                    }
                });
                setHandler(out, new AbstractOutHandler() {
                    @Override
                    public void onPull() {
                        pull(in);
                    }

                    @Override
                    public void onDownstreamFinish(Throwable cause) {
                        if (!hasBeenPulled(in)) {
                            tryPull(in); // to be dropped
                        }
                    }
                });
            }

            @Override
            public void postStop() {
                memory.ended();
            }

            private void onBytes(ByteString bytes) {
                if (isClosed(out)) {
                    drop(bytes);
                    return;
                }
                try {
                    ByteString passed = ByteString.emptyByteString();
                    for (ByteString part : frames.accept(bytes)) {
                        passed = passed.concat(part);
                    }
                    if (passed.isEmpty()) {
                        pull(in);
                    } else {
                        push(out, passed);
                    }
                } catch (FailureException e) {
                    fail(out, e);
                    drop(bytes);
                }
            }

            private void drop(ByteString bytes) {
                dropped += bytes.size();
                if (dropped > DROPPED_BYTES_MAX) {
                    completeStage();
                } else {
                    tryPull(in);
                }
            }
        }
    }

    /** Reads the frames' headers as the bytes pass by. */
    private final class Frames {
        private final boolean gzip;
        /** Of a header, or of a compressed message: what is there so far. */
        private ByteString held = ByteString.emptyByteString();
        /** Bytes of an uncompressed message that may still pass. */
        private int passing;

        private final RequestMemory.Hold memory;
        /** A compressed message for which there is room. */
        private boolean begun;

        Frames(boolean gzip, RequestMemory.Hold memory) {
            this.gzip = gzip;
            this.memory = memory;
        }

        Iterable<ByteString> accept(ByteString bytes) {
            List<ByteString> out = new ArrayList<>(2);
            ByteString rest = bytes;
            while (!rest.isEmpty()) {
                if (passing > 0) {
                    int size = Math.min(passing, rest.size());
                    out.add(rest.take(size));
                    passing -= size;
                    rest = rest.drop(size);
                    completedIfAllPassed();
                } else {
                    held = held.concat(rest);
                    rest = ByteString.emptyByteString();
                    if (held.size() >= HEADER_SIZE) {
                        rest = onHeader(out);
                    }
                }
            }
            return out;
        }

        /** The bytes to go on with; none if the message in {@code held} is not complete. */
        private ByteString onHeader(List<ByteString> out) {
            boolean compressed = held.apply(0) != 0;
            long length = 0;
            for (int i = 1; i < HEADER_SIZE; i++) {
                length = (length << 8) | (held.apply(i) & 0xff);
            }
            if (length > messageBytesMax) {
                throw tooLarge(length);
            }
            ByteString all = held;
            if (!compressed || !gzip) {
                memory.begins(length);
                held = ByteString.emptyByteString();
                passing = (int) length;
                out.add(all.take(HEADER_SIZE));
                completedIfAllPassed();
                return all.drop(HEADER_SIZE);
            }
            if (!begun) {
                memory.begins(length);
                begun = true;
            }
            int end = HEADER_SIZE + (int) length;
            if (all.size() < end) {
                return ByteString.emptyByteString();
            }
            held = ByteString.emptyByteString();
            byte[] plain = inflate(all.slice(HEADER_SIZE, end).toArray());
            memory.begins(plain.length);
            out.add(frame(plain));
            begun = false;
            memory.completed();
            return all.drop(end);
        }

        private void completedIfAllPassed() {
            if (passing == 0) {
                memory.completed();
            }
        }

        private byte[] inflate(byte[] compressed) {
            ByteArrayOutputStream plain =
                    new ByteArrayOutputStream(Math.min(messageBytesMax, 4 * compressed.length + 64));
            byte[] buffer = new byte[8192];
            try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    if (plain.size() + read > messageBytesMax) {
                        throw tooLarge(plain.size() + (long) read);
                    }
                    plain.write(buffer, 0, read);
                }
            } catch (IOException e) {
                throw new Failure.InvalidRequest("grpc-encoding", "the message is not gzip: " + e.getMessage())
                        .asException();
            }
            return plain.toByteArray();
        }

        private ByteString frame(byte[] message) {
            byte[] header = {
                0,
                (byte) (message.length >>> 24),
                (byte) (message.length >>> 16),
                (byte) (message.length >>> 8),
                (byte) message.length
            };
            return ByteString.fromArrayUnsafe(header).concat(ByteString.fromArrayUnsafe(message));
        }

        private RuntimeException tooLarge(long size) {
            return new Failure.MessageTooLarge("the gRPC message", size, messageBytesMax).asException();
        }
    }
}
