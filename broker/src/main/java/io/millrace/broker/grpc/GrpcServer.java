package io.millrace.broker.grpc;

import akka.Done;
import akka.actor.CoordinatedShutdown;
import akka.actor.typed.ActorSystem;
import akka.actor.typed.javadsl.Adapter;
import akka.grpc.javadsl.ServerReflection;
import akka.grpc.javadsl.ServiceHandler;
import akka.http.javadsl.Http;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.model.AttributeKeys;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.settings.ServerSettings;
import akka.japi.function.Function;
import io.millrace.broker.LeaderChanges;
import io.millrace.broker.ProducerIds;
import io.millrace.broker.TopicChanges;
import io.millrace.broker.config.BrokerSettings;
import io.millrace.broker.config.LiveSettings;
import io.millrace.broker.disk.DiskReport;
import io.millrace.broker.group.Groups;
import io.millrace.broker.health.Health;
import io.millrace.broker.routing.Inspection;
import io.millrace.broker.routing.LeaderView;
import io.millrace.broker.routing.PartitionGateway;
import io.millrace.protocol.v1.AdminService;
import io.millrace.protocol.v1.AdminServicePowerApiHandlerFactory;
import io.millrace.protocol.v1.ClusterService;
import io.millrace.protocol.v1.ClusterServicePowerApiHandlerFactory;
import io.millrace.protocol.v1.GroupService;
import io.millrace.protocol.v1.GroupServicePowerApiHandlerFactory;
import io.millrace.protocol.v1.MessageService;
import io.millrace.protocol.v1.MessageServicePowerApiHandlerFactory;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/** Puts the services together behind the client port. */
public final class GrpcServer {
    /** How long requests may go on after the port was closed. */
    private static final Duration DRAIN = Duration.ofSeconds(3);

    private GrpcServer() {}

    /**
     * What the services stand on.
     *
     * @param errors hears the reason of each failure that a client is told of
     */
    public record Backend(
            TopicLookup topics,
            PartitionGateway gateway,
            LeaderView leaders,
            TopicChanges changes,
            LeaderChanges leaderChanges,
            ProducerIds producerIds,
            Groups groups,
            Inspection inspection,
            IntPredicate alive,
            Set<Integer> metadataVoters,
            Health health,
            DiskReport disk,
            Consumer<String> errors) {}

    /** Opens the port; closes it at an orderly stop, after what is under way. */
    public static CompletionStage<ServerBinding> bind(ActorSystem<?> system, LiveSettings live, Backend backend) {
        BrokerSettings settings = live.get();
        return Http.get(system)
                .newServerAt(
                        settings.frontDoor().address().host(),
                        settings.frontDoor().address().port())
                // Here, and not for all of the process: a client that would rather speak HTTP/2, as Java's does, is
                // answered wrongly or
                // not at all when Akka HTTP takes it at its word in the middle of a connection.
                .withSettings(ServerSettings.create(Adapter.toClassic(system)).withHttp2Enabled(true))
                .bind(handler(system, live, backend))
                .thenApply(binding -> binding.addToCoordinatedShutdown(DRAIN, system));
    }

    private static Function<HttpRequest, CompletionStage<HttpResponse>> handler(
            ActorSystem<?> system, LiveSettings live, Backend backend) {
        BrokerSettings settings = live.get();
        Faults faults = new Faults(backend.errors());
        Deadlines deadlines = new Deadlines(settings.frontDoor());
        MessageFrontDoor messages = new MessageFrontDoor(
                new ProduceIntake(
                        backend.topics(),
                        () -> live.get().messageBytesMax(),
                        settings.requestBytesMax(),
                        settings.decompressedBytesMax(),
                        System::currentTimeMillis),
                new RecordReads(
                        backend.topics(),
                        backend.gateway(),
                        deadlines,
                        faults,
                        settings.partition().fetchBytesMax(),
                        system.executionContext()),
                backend.topics(),
                backend.gateway(),
                backend.producerIds(),
                deadlines,
                faults,
                settings.frontDoor().streamParallelism());
        CoordinatedShutdown.get(system).addTask(CoordinatedShutdown.PhaseServiceUnbind(), "end-streams", () -> {
            messages.stop();
            return CompletableFuture.completedFuture(Done.getInstance());
        });
        AliasingSerializer.install();
        ClusterFrontDoor cluster = new ClusterFrontDoor(
                backend.topics(),
                backend.leaders(),
                backend.alive(),
                backend.health(),
                settings.diskReserve(),
                backend.disk());
        AdminFrontDoor admin = admin(live, backend, deadlines);
        GroupFrontDoor groups = groups(backend, deadlines);
        Function<HttpRequest, CompletionStage<HttpResponse>> services = concat(
                MessageServicePowerApiHandlerFactory.create(messages, faults.handler(), system),
                ClusterServicePowerApiHandlerFactory.create(cluster, faults.handler(), system),
                AdminServicePowerApiHandlerFactory.create(admin, faults.handler(), system),
                GroupServicePowerApiHandlerFactory.create(groups, faults.handler(), system),
                ServerReflection.create(
                        List.of(
                                MessageService.description,
                                ClusterService.description,
                                AdminService.description,
                                GroupService.description),
                        system));
        FrameLimit limit = new FrameLimit(settings.requestBytesMax());
        RequestMemory memory = new RequestMemory(
                () -> live.get().frontDoor().connectionBytesMax(),
                () -> live.get().frontDoor().pendingBytesMax());
        RequestMemory unbounded = new RequestMemory(() -> Long.MAX_VALUE, () -> Long.MAX_VALUE);
        return request -> {
            // Others are small, and must get through when producers have filled the memory.
            RequestMemory.Hold hold = (isProduce(request) ? memory : unbounded).open(connectionOf(request));
            return services.apply(limit.applyTo(request, hold)).whenComplete((response, thrown) -> hold.answered());
        };
    }

    static AdminFrontDoor admin(LiveSettings live, Backend backend, Deadlines deadlines) {
        return new AdminFrontDoor(
                backend.topics(),
                backend.changes(),
                backend.leaderChanges(),
                backend.leaders(),
                backend.inspection(),
                deadlines,
                backend.alive(),
                backend.metadataVoters(),
                live);
    }

    static GroupFrontDoor groups(Backend backend, Deadlines deadlines) {
        return new GroupFrontDoor(backend.topics(), backend.groups(), new LogEnds(backend.gateway()), deadlines);
    }

    private static boolean isProduce(HttpRequest request) {
        return request.getUri().path().startsWith("/" + MessageService.name + "/Produce");
    }

    private static String connectionOf(HttpRequest request) {
        return request.getAttribute(AttributeKeys.remoteAddress)
                .flatMap(address -> address.getAddress().map(host -> host + " " + address.getPort()))
                .orElse("");
    }

    @SafeVarargs
    @SuppressWarnings("varargs") // The callee is ours to trust: it only reads them.
    private static Function<HttpRequest, CompletionStage<HttpResponse>> concat(
            Function<HttpRequest, CompletionStage<HttpResponse>>... handlers) {
        return ServiceHandler.concatOrNotFound(handlers);
    }
}
