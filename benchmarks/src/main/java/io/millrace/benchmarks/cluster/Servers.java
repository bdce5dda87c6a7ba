package io.millrace.benchmarks.cluster;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Three servers of one kind, each a process of its own on loopback, and what belongs to them on disk. */
interface Servers extends AutoCloseable {
    int COUNT = 3;

    /** How many ports each kind may take. */
    int PORTS = 10;

    /**
     * Why they cannot be started here.
     *
     * @return empty if they can
     */
    Optional<String> problem();

    /** Begins to start them; a topic can be created some time later. */
    void start() throws Exception;

    /** Where clients reach them: {@code host:port}, with commas in between. */
    String bootstrap();

    List<Long> pids();

    /** What it is, with its version. */
    String description();

    /** Stops what was started. */
    @Override
    void close() throws IOException;
}
