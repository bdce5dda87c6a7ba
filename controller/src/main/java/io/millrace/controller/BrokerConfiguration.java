package io.millrace.controller;

import io.millrace.controller.metadata.DynamicSettings;
import java.util.Map;
import java.util.Optional;

/** The configuration of the broker that a controller runs on: what it means, and which of it can be changed. */
public interface BrokerConfiguration {
    /** What the controller is to go by now; it may be something else the next time. */
    ControllerSettings controller();

    /** Why a setting of this name cannot be changed while brokers run; empty if it can. */
    Optional<String> problemWithName(String name);

    /**
     * Why a broker cannot have these, over what it was started with; empty if it can.
     *
     * @param settings all that it would have, as {@link DynamicSettings#of} tells them
     */
    Optional<String> problemWith(Map<String, String> settings);
}
