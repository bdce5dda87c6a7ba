/** How brokers find their cluster, and who may found one if there is none. */
@NullMarked
package io.millrace.broker.membership;

import org.jspecify.annotations.NullMarked;
