package io.millrace.partition.replica;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What has passed through one replica while it led, counted since the replica was started. Its actor alone counts, as plainly as with
 * a field; any thread may look, and sees what was counted a moment ago.
 */
public final class LoadMeter {
    private final AtomicLong bytesIn = new AtomicLong();
    private final AtomicLong bytesOut = new AtomicLong();
    private final AtomicLong requests = new AtomicLong();
    private final AtomicInteger behind = new AtomicInteger();
    private volatile @Nullable ReplicaLog log;

    void produced(int bytes) {
        add(bytesIn, bytes);
        add(requests, 1);
    }

    void fetched(int bytes) {
        add(bytesOut, bytes);
        add(requests, 1);
    }

    void of(ReplicaLog opened) {
        log = opened;
    }

    void membersBehind(int count) {
        behind.lazySet(count);
    }

    private static void add(AtomicLong counter, long more) {
        counter.lazySet(counter.getPlain() + more);
    }

    /** Of records that producers sent and that were taken, whether they were written, or had been before. */
    public long bytesIn() {
        return bytesIn.get();
    }

    /** Of records that consumers got; what goes to the other members is not counted. */
    public long bytesOut() {
        return bytesOut.get();
    }

    public long requests() {
        return requests.get();
    }

    /** Of its log. */
    public long sizeBytes() {
        ReplicaLog opened = log;
        return opened == null ? 0 : opened.sizeBytes();
    }

    /** Other members that are not known to have what was committed a second ago. */
    public int behind() {
        return behind.get();
    }
}
