/** The public API: identifiers, error reasons and the record batch format. The gRPC messages are generated. */
@NullMarked
package io.millrace.protocol;

import org.jspecify.annotations.NullMarked;
