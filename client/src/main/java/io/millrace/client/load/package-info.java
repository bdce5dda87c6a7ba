/** Load, and what is measured of it: shared by {@code millrace bench} and the benchmarks. Not a part of the client's API. */
@NullMarked
package io.millrace.client.load;

import org.jspecify.annotations.NullMarked;
