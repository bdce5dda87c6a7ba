package io.millrace.broker.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.slf4j.Marker;
import org.slf4j.MarkerFactory;

class LogbackXmlTest {
    private final LoggerContext context = new LoggerContext();

    @Test
    void whatAkkaSaysOfMembersThatCannotBeReachedIsLeftToUs() throws Exception {
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(Objects.requireNonNull(Logging.class.getResource("/logback.xml")));
        Marker unreachable = MarkerFactory.getMarker("akkaUnreachable");
        Marker other = MarkerFactory.getMarker("akkaSbrDowning");
        Logger cluster = context.getLogger("akka.cluster.Cluster");

        assertThat(cluster.isWarnEnabled(unreachable)).isFalse();
        assertThat(cluster.isWarnEnabled(other)).isTrue();
        assertThat(cluster.isWarnEnabled()).isTrue();
    }
}
