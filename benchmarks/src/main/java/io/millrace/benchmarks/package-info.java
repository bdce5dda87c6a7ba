/**
 * How fast it is. {@code cluster} runs whole clusters, Millrace's and its peers', on one machine ({@code bin/bench}); {@code micro}
 * measures single parts ({@code bin/bench micro}). The build compiles both and runs neither: what they print depends on the machine
 * and on what else runs there.
 */
@NullMarked
package io.millrace.benchmarks;

import org.jspecify.annotations.NullMarked;
