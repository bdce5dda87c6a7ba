package io.millrace.broker.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.LoggingTestKit;
import akka.http.scaladsl.model.http2.PeerClosedStreamException;
import akka.japi.Function;
import com.typesafe.config.ConfigFactory;
import io.grpc.Status;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

class FaultsTest {
    private static final ActorTestKit KIT = ActorTestKit.create(
            "faults", ConfigFactory.parseString("akka.actor.provider = local").withFallback(ConfigFactory.load()));

    @AfterAll
    static void stopSystem() {
        KIT.shutdownTestKit();
    }

    private static Status.Code told(Throwable thrown) {
        try {
            Function<Throwable, akka.grpc.Trailers> handler =
                    new Faults(reason -> {}).handler().apply(KIT.system().classicSystem());
            return handler.apply(thrown).getStatus().getCode();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aClientThatCancelsItsCallIsNoFault() {
        LoggingTestKit.empty().withLogLevel(Level.ERROR).withOccurrences(0).expect(KIT.system(), () -> {
            assertThat(told(new PeerClosedStreamException(7, "CANCEL", 8))).isEqualTo(Status.Code.CANCELLED);
            return null;
        });
    }

    @Test
    void whatNobodyExpectedIsLoggedWithTheNumberThatTheClientIsTold() {
        LoggingTestKit.error("Incident").withOccurrences(1).expect(KIT.system(), () -> {
            assertThat(told(new IllegalStateException("oops"))).isEqualTo(Status.Code.INTERNAL);
            return null;
        });
    }
}
