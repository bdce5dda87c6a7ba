/**
 * The broker process.
 *
 * <pre>
 *  Main ── command line, exit codes
 *   └ Broker ── data directory locked, ports free, then one actor system
 *      └ BrokerGuardian ── puts it together; Readiness says what is missing
 *         ├ routing     who leads each partition, and requests on their way
 *         ├ grpc        clients
 *         ├ management  people, over HTTP
 *         ├ disk        how much room there is
 *         ├ Registrar   introduces this broker to the controller
 *         ├ Replicas, ReplicaManager   run what the metadata gives this broker, delete what is gone
 *         └ the controller, if it is this broker's turn
 * </pre>
 *
 * <p>A start: joined to the cluster → metadata caught up → registered → ready. Each step may take as long as it has to;
 * {@code /ready} says which one it is at. Whatever must not be – another broker's directory, a number used twice – ends the
 * process with a sentence that says what to change.
 *
 * <p>{@link io.millrace.broker.Failure} names all that can be wrong with a request, for gRPC and HTTP alike.
 */
@NullMarked
package io.millrace.broker;

import org.jspecify.annotations.NullMarked;
