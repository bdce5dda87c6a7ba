package io.millrace.benchmarks.cluster;

/**
 * One system's result of one cell.
 *
 * @param repetition from 0
 */
record Measurement(int repetition, Cell cell, PeerSystem system, TaskResult result) {}
