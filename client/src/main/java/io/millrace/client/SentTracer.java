package io.millrace.client;

import io.grpc.Attributes;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;

/** Sees whether a call got a stream on a connection: before that, nothing can have reached the broker. */
final class SentTracer extends ClientStreamTracer.Factory {
    private volatile boolean sent;

    boolean isSent() {
        return sent;
    }

    @Override
    public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
        return new ClientStreamTracer() {
            @Override
            public void streamCreated(Attributes transport, Metadata requestHeaders) {
                sent = true;
            }
        };
    }
}
