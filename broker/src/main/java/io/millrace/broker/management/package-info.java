/**
 * The HTTP port for inspection and operation: Akka Management's, with our endpoints beside its {@code /cluster/members}.
 *
 * <pre>
 *  ManagementRoutes   finds the Endpoint; errors; who may change anything
 *      Probes         /alive, /ready, /metrics, /api/v1/health
 *      Pages          brokers, metadata, topics, partitions, groups, controller, disk
 *      Operations     configuration, loggers, threads, the description of all of this (openapi.yaml)
 *      Changes        POST /api/v1/actions/..., one for each call in grpc.JsonActions
 * </pre>
 *
 * <p>Answers are JSON; so are errors, with the reasons that gRPC clients get. What one broker knows by itself comes from its
 * metadata; how a replica stands is asked of the replica, wherever it is, with a time limit: a broker that is down must not
 * make the page of the others hang.
 */
@NullMarked
package io.millrace.broker.management;

import org.jspecify.annotations.NullMarked;
