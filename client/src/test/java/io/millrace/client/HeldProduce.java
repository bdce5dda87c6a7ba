package io.millrace.client;

import io.millrace.protocol.v1.ProduceResponse;
import java.util.concurrent.CountDownLatch;

/** A produce request that a {@link FakeCluster} keeps until the test lets it go on, in the usual way. */
final class HeldProduce implements FakeCluster.Fault {
    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);

    @Override
    public ProduceResponse handle(FakeCluster.Append append) throws InterruptedException {
        arrived.countDown();
        released.await();
        return append.run();
    }

    void awaitArrival() throws InterruptedException {
        arrived.await();
    }

    void release() {
        released.countDown();
    }
}
