package io.millrace.broker;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** What this broker still needs before it can serve. For any thread. */
public final class Readiness {
    /** In the order in which they usually come. */
    public enum Condition {
        JOINED("it has not joined the cluster"),
        METADATA("it does not know the cluster's metadata"),
        REGISTERED("the controller has not registered it"),
        SERVING("the client port is not open");

        private final String missing;

        Condition(String missing) {
            this.missing = missing;
        }

        public String missing() {
            return missing;
        }
    }

    private final Set<Condition> met = Collections.synchronizedSet(EnumSet.noneOf(Condition.class));
    private final CompletableFuture<Void> ready = new CompletableFuture<>();

    public void met(Condition condition) {
        met.add(condition);
        if (missing().isEmpty()) {
            ready.complete(null);
        }
    }

    /** An orderly stop has begun. */
    public void stopServing() {
        met.remove(Condition.SERVING);
    }

    /** Empty if this broker can serve. */
    public List<Condition> missing() {
        synchronized (met) {
            return EnumSet.complementOf(met.isEmpty() ? EnumSet.noneOf(Condition.class) : EnumSet.copyOf(met)).stream()
                    .toList();
        }
    }

    public boolean isReady() {
        return missing().isEmpty();
    }

    /** When everything was there for the first time. */
    public CompletionStage<Void> whenReady() {
        return ready.minimalCompletionStage();
    }

    /** @throws FailureException if this is not met, with all that is missing */
    public void require(Condition condition) {
        if (!met.contains(condition)) {
            throw new Failure.BrokerNotReady(
                            missing().stream().map(Condition::missing).toList())
                    .asException();
        }
    }
}
