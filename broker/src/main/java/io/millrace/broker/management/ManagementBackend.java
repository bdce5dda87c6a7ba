package io.millrace.broker.management;

import akka.actor.setup.Setup;
import io.millrace.broker.Readiness;
import io.millrace.broker.TopicChanges;
import io.millrace.broker.config.LiveSettings;
import io.millrace.broker.disk.DiskReport;
import io.millrace.broker.disk.DiskReserve;
import io.millrace.broker.group.Groups;
import io.millrace.broker.grpc.JsonActions;
import io.millrace.broker.health.Health;
import io.millrace.broker.metrics.BrokerMetrics;
import io.millrace.broker.routing.Inspection;
import io.millrace.broker.routing.LeaderView;
import io.millrace.controller.MetadataView;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * How the routes get at the broker: Akka Management makes them by name, with nothing but the actor system, which carries
 * this.
 */
public final class ManagementBackend extends Setup {
    private volatile @Nullable Parts parts;

    /** What the routes show. */
    public record Parts(
            int brokerId,
            Readiness readiness,
            MetadataView view,
            LeaderView leaders,
            Inspection inspection,
            TopicChanges changes,
            Groups groups,
            IntPredicate alive,
            DiskReserve diskReserve,
            DiskReport disk,
            BrokerMetrics metrics,
            Health health,
            JsonActions actions,
            LiveSettings settings) {}

    /** To be called before Akka Management starts. */
    public void complete(Parts complete) {
        this.parts = complete;
    }

    Parts parts() {
        Parts complete = parts;
        if (complete == null) {
            throw new IllegalStateException("HTTP management was started before the broker was put together");
        }
        return complete;
    }
}
