package io.millrace.broker.management;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.headers.RawHeader;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class WhoMayChangeTest {
    private static final HttpRequest CHANGE = HttpRequest.POST("/api/v1/actions/delete-topic")
            .withEntity(ContentTypes.APPLICATION_JSON, "{}".getBytes(StandardCharsets.UTF_8));

    @Test
    void whoeverSendsJsonMayIfTheSettingsAllowIt() {
        assertThatCode(() -> ManagementRoutes.checkMayChange(CHANGE, true)).doesNotThrowAnyException();
        assertThatThrownBy(() -> ManagementRoutes.checkMayChange(CHANGE, false))
                .hasMessageContaining("allow-changes is off");
    }

    @Test
    void aWebPageMayNot() {
        assertThatThrownBy(() ->
                        ManagementRoutes.checkMayChange(CHANGE.addHeader(RawHeader.create("Origin", "null")), true))
                .hasMessageContaining("web pages");
        assertThatThrownBy(() ->
                        ManagementRoutes.checkMayChange(CHANGE.withEntity(ContentTypes.TEXT_PLAIN_UTF8, "{}"), true))
                .hasMessageContaining("application/json");
    }
}
