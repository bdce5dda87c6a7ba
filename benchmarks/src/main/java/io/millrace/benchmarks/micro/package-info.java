/**
 * Micro-benchmarks of what every record passes: {@code bin/bench micro}, with the options of JMH ({@code -h}); {@code bin/bench micro
 * -prof gc RaftStep} also tells what is allocated.
 */
@NullMarked
package io.millrace.benchmarks.micro;

import org.jspecify.annotations.NullMarked;
