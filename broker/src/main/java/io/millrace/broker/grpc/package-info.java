/** The front door: one class per gRPC service. Protobuf types stop here. */
@NullMarked
package io.millrace.broker.grpc;

import org.jspecify.annotations.NullMarked;
