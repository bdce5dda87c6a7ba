/** What stands between the generated messages and the rest, which knows nothing of them. */
@NullMarked
package io.millrace.protocol.protobuf;

import org.jspecify.annotations.NullMarked;
