package io.millrace.testkit;

import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Runs an {@link EmbeddedCluster} around all tests of a class, which may take it as a parameter:
 *
 * <pre>{@code
 * @ExtendWith(MillraceExtension.class)
 * class OrdersTest {
 *     @Test
 *     void anOrderIsPublished(EmbeddedCluster cluster) { … }
 * }
 * }</pre>
 *
 * <p>With other than one broker, or with settings, register it as a static field:
 *
 * <pre>{@code
 * @RegisterExtension
 * static final MillraceExtension MILLRACE = new MillraceExtension(3, Map.of("millrace.max-message-size", "64 KiB"));
 * }</pre>
 */
public final class MillraceExtension implements BeforeAllCallback, AfterAllCallback, ParameterResolver {
    private final int brokers;
    private final Map<String, String> settings;
    private @Nullable EmbeddedCluster cluster;

    /** One broker with default settings. */
    public MillraceExtension() {
        this(1, Map.of());
    }

    /** See {@link EmbeddedCluster#start(int, Map)}. */
    public MillraceExtension(int brokers, Map<String, String> settings) {
        this.brokers = brokers;
        this.settings = Map.copyOf(settings);
    }

    /**
     * The cluster of the tests that are running.
     *
     * @throws NullPointerException if none are
     */
    public EmbeddedCluster cluster() {
        return Objects.requireNonNull(cluster, "no test of this class is running");
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        cluster = EmbeddedCluster.start(brokers, settings);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        EmbeddedCluster started = cluster;
        cluster = null;
        if (started != null) {
            started.close();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == EmbeddedCluster.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return cluster();
    }
}
