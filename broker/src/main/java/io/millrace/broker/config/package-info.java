/**
 * What an operator may set, from text to checked values.
 *
 * <pre>
 *  reference.conf  &lt;  --config FILE  &lt;  environment  &lt;  -Dkey=value
 *        └───────────────┴── SettingsLoader ──┴──────────────┘
 *                                │ one Config, each value knowing where it is from
 *                          SettingsReader: checks each, collects every mistake
 *                                │
 *                          BrokerSettings: immutable, valid          AkkaOverlay: what follows from them for Akka
 * </pre>
 *
 * <p>{@code LiveSettings} lays over that what is changed while brokers run, and reads it again in the same way.
 *
 * <p>Nothing is accepted and ignored: a key that {@code reference.conf} does not have is a mistake, and so is a reserved
 * setting (one whose feature is not built yet) with another value than its default.
 */
@NullMarked
package io.millrace.broker.config;

import org.jspecify.annotations.NullMarked;
