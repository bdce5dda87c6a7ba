package io.millrace.partition.log;

import java.nio.ByteBuffer;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * Direct buffers shared by all logs of the process, so that a log that nobody writes to holds none, and so that the JDK
 * does not keep a hidden one per thread as large as the largest heap buffer ever written.
 */
final class BufferPool {
    static final int BUFFER_BYTES = 256 * 1024;

    /** More threads than this at once is possible, and allocates. */
    private static final int KEPT_MAX = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());

    static final BufferPool SHARED = new BufferPool();

    private final ArrayBlockingQueue<ByteBuffer> idle = new ArrayBlockingQueue<>(KEPT_MAX);

    private BufferPool() {}

    /** A cleared buffer of {@link #BUFFER_BYTES}, big endian. */
    ByteBuffer borrow() {
        ByteBuffer buffer = idle.poll();
        return buffer == null ? ByteBuffer.allocateDirect(BUFFER_BYTES) : buffer.clear();
    }

    void giveBack(ByteBuffer buffer) {
        idle.offer(buffer); // if there are enough, this one is the garbage collector's
    }
}
