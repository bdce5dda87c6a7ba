package io.millrace.controller.metadata;

/** Where a server is reached from outside its machine. */
public record Endpoint(String host, int port) {
    private static final int PORT_MAX = 65_535;

    boolean isSane() {
        return !host.isBlank() && port >= 1 && port <= PORT_MAX;
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
