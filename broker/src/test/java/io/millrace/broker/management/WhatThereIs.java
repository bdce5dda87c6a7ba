package io.millrace.broker.management;

import akka.actor.typed.ActorSystem;
import java.util.Set;
import java.util.stream.Collectors;

/** The endpoints of a running broker, for the test that compares them with what is written about them. */
public final class WhatThereIs {
    private WhatThereIs() {}

    /** As {@code GET /path/{parameter}}. */
    public static Set<String> in(ActorSystem<?> system) {
        ManagementBackend.Parts parts = system.settings()
                .setup()
                .get(ManagementBackend.class)
                .orElseThrow()
                .parts();
        return ManagementRoutes.endpoints(parts).stream()
                .map(endpoint -> endpoint.method().name() + " " + endpoint.path())
                .collect(Collectors.toSet());
    }
}
