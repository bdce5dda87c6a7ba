package io.millrace.client;

import java.util.ArrayList;
import java.util.List;

/**
 * Where a broker serves clients, written {@code host:port}; a host that is an IPv6 address stands in brackets.
 *
 * @param host a name or an address, without brackets
 * @param port 1 to 65535
 */
public record HostPort(String host, int port) {
    /** What Kafka's clients expect, too. */
    public static final int DEFAULT_PORT = 9092;

    private static final int PORT_MAX = 65_535;

    /**
     * Checks both.
     *
     * @throws IllegalArgumentException if the host is empty or the port out of range
     */
    public HostPort {
        if (host.isBlank()) {
            throw new IllegalArgumentException("an address needs a host before ':" + port + "'");
        }
        if (port < 1 || port > PORT_MAX) {
            throw new IllegalArgumentException("a port is 1 to " + PORT_MAX + ", not " + port);
        }
    }

    /**
     * Reads {@code host}, {@code host:port} or {@code [IPv6]:port}; without a port it is {@value #DEFAULT_PORT}.
     *
     * @throws IllegalArgumentException with a message for the user, if it is none of these
     */
    public static HostPort parse(String text) {
        String trimmed = text.trim();
        int bracket = trimmed.lastIndexOf(']');
        int colon = trimmed.lastIndexOf(':');
        boolean hasPort = colon > bracket;
        String host = hasPort ? trimmed.substring(0, colon) : trimmed;
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        } else if (host.indexOf(':') >= 0) {
            throw new IllegalArgumentException("'" + text + "' is not host:port (an IPv6 address needs brackets)");
        }
        String port = hasPort ? trimmed.substring(colon + 1) : Integer.toString(DEFAULT_PORT);
        if (!port.matches("[0-9]{1,5}")) {
            throw new IllegalArgumentException("'" + text + "' is not host:port: '" + port + "' is not a port");
        }
        return new HostPort(host, Integer.parseInt(port));
    }

    /**
     * Reads a list separated by commas.
     *
     * @throws IllegalArgumentException with a message for the user, if it is empty or one of them is wrong
     */
    public static List<HostPort> parseList(String text) {
        List<HostPort> addresses = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            if (!part.isBlank()) {
                addresses.add(parse(part));
            }
        }
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("'" + text + "' names no broker: host:port[,host:port...]");
        }
        return List.copyOf(addresses);
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
