package io.millrace.cluster.chaos;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/**
 * The network between brokers 1 to n: before each broker stands a proxy, to whose port the others connect. A link is what
 * one broker says to another; each can be cut by itself.
 *
 * <p>A broker says who it is by the loopback address that it connects from ({@link #hostOf}), which Linux gives without
 * asking. While a link is cut its connections stay, and nothing passes, as on a network that drops packets. What was on its
 * way arrives late when it is healed, or never, if its connections are broken.
 */
final class Links implements Closeable {
    private static final int HOST_BASE = 10;
    private static final int PIECE_BYTES = 64 * 1024;

    private final List<ServerSocket> doors = new ArrayList<>();
    private final int[] targetPorts;
    private final Link[][] links;
    private volatile boolean closed;

    /** @param targetPorts where the brokers listen, beginning with broker 1's */
    Links(int... targetPorts) throws IOException {
        this.targetPorts = targetPorts.clone();
        int size = targetPorts.length;
        links = new Link[size][size];
        for (int from = 0; from < size; from++) {
            for (int to = 0; to < size; to++) {
                links[from][to] = new Link();
            }
        }
        for (int broker = 1; broker <= size; broker++) {
            ServerSocket door = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
            doors.add(door);
            int to = broker;
            daemon("door-" + broker, () -> welcome(door, to));
        }
    }

    /** The address that a broker must connect from. */
    static String hostOf(int broker) {
        return "127.0.0." + (HOST_BASE + broker);
    }

    /** Where the others reach a broker. */
    int portOf(int broker) {
        return doors.get(broker - 1).getLocalPort();
    }

    void cut(int from, int to) {
        link(from, to).cut();
    }

    void heal(int from, int to, boolean breakConnections) {
        link(from, to).heal(breakConnections);
    }

    private Link link(int from, int to) {
        return links[from - 1][to - 1];
    }

    private void welcome(ServerSocket door, int to) {
        while (!closed) {
            try {
                Socket caller = door.accept();
                byte[] address = caller.getInetAddress().getAddress();
                int from = address[address.length - 1] - HOST_BASE;
                if (from < 1 || from > links.length) {
                    caller.close(); // not a broker of ours
                    continue;
                }
                daemon("link-" + from + "-" + to, () -> connect(link(from, to), caller, targetPorts[to - 1]));
            } catch (IOException e) {
                if (!closed) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private static void connect(Link link, Socket caller, int targetPort) {
        Socket target = new Socket();
        link.opened(caller, target);
        try {
            link.awaitWhole();
            caller.setTcpNoDelay(true);
            target.setTcpNoDelay(true);
            target.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), targetPort));
            daemon("back", () -> pump(link, target, caller));
            pump(link, caller, target);
        } catch (IOException | InterruptedException e) {
            link.broken(caller, target); // nobody listens there: the caller sees its connection end
        }
    }

    private static void pump(Link link, Socket source, Socket sink) {
        try {
            byte[] piece = new byte[PIECE_BYTES];
            InputStream in = source.getInputStream();
            OutputStream out = sink.getOutputStream();
            for (int read = in.read(piece); read >= 0; read = in.read(piece)) {
                link.awaitWhole();
                out.write(piece, 0, read);
            }
        } catch (IOException | InterruptedException e) {
            // As good as the end.
        } finally {
            link.broken(source, sink);
        }
    }

    private static void daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        closed = true;
        for (ServerSocket door : doors) {
            door.close();
        }
        for (Link[] from : links) {
            for (Link link : from) {
                link.heal(true);
            }
        }
    }

    /** One direction between two brokers, with the connections that carry it. */
    private static final class Link {
        private final List<Socket> sockets = new ArrayList<>();
        /** More than one fault may cut the same link. */
        private int cuts;

        synchronized void cut() {
            cuts++;
        }

        synchronized void heal(boolean breakConnections) {
            cuts = Math.max(0, cuts - 1);
            if (breakConnections) {
                List.copyOf(sockets).forEach(Link::closeQuietly);
                sockets.clear();
            }
            notifyAll();
        }

        synchronized void awaitWhole() throws InterruptedException {
            while (cuts > 0) {
                wait();
            }
        }

        synchronized void opened(Socket one, Socket other) {
            sockets.add(one);
            sockets.add(other);
        }

        synchronized void broken(Socket one, Socket other) {
            closeQuietly(one);
            closeQuietly(other);
            sockets.remove(one);
            sockets.remove(other);
        }

        private static void closeQuietly(Socket socket) {
            try {
                socket.close();
            } catch (IOException e) {
                // It is gone in any case.
            }
        }
    }
}
