/**
 * The HTTP port for inspection: Akka Management's, with our routes beside its {@code /cluster/members}.
 *
 * <p>Read-only. Answers are JSON; so are errors, with the reason in words. What one broker knows by itself comes from its
 * metadata; how a replica stands is asked of the replica, wherever it is, with a time limit: a broker that is down must not
 * make the page of the others hang.
 */
@NullMarked
package io.millrace.broker.management;

import org.jspecify.annotations.NullMarked;
