/**
 * The front door: one class a gRPC service. Protobuf types stop here.
 *
 * <pre>
 *  HTTP/2 ──▶ GrpcServer ──▶ FrameLimit ──▶ Akka gRPC ──▶ MessageFrontDoor ── ProduceIntake ──▶ routing.PartitionGateway
 *                            sizes,         frames,       ClusterFrontDoor    validates,
 *                            gzip           protobuf      AdminFrontDoor      encodes
 *                                                           ...              ── RecordReads
 *                                                                               one partition, many (ManyFetch), streams (Subscription)
 *
 *  Failure ──▶ Statuses ──▶ trailers of a call, or an Error inside a stream
 * </pre>
 *
 * <p>Errors: what goes wrong in an expected way is a {@link io.millrace.broker.Failure}, and {@code Statuses} is the one place
 * that says how it is told. Everything else is a fault of ours: the client gets an incident's number, the log the rest.
 *
 * <p>What a request holds is bounded: its size by {@code FrameLimit}, what is arriving by {@code RequestMemory}, all together by the
 * gateway, its time by its deadline.
 * Akka HTTP does not tell of a client that gives up a unary call, so such a call holds what it has until it is answered or
 * its deadline comes; a stream's end is seen at once.
 */
@NullMarked
package io.millrace.broker.grpc;

import org.jspecify.annotations.NullMarked;
