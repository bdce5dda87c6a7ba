@org.jspecify.annotations.NullMarked
package io.millrace.partition.journal;
