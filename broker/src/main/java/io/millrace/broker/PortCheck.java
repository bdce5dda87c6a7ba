package io.millrace.broker;

import io.millrace.broker.config.BrokerSettings;
import io.millrace.broker.config.HostPort;
import io.millrace.broker.data.RefusedException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/** Says which setting names a port that is taken, before Akka would say it with a stack trace, one port at a time. */
final class PortCheck {
    private PortCheck() {}

    static void check(BrokerSettings settings) {
        List<String> problems = new ArrayList<>();
        check("millrace.cluster", settings.cluster().bind(), problems);
        check("millrace.client", settings.frontDoor().address(), problems);
        check("millrace.http", settings.http().address(), problems);
        if (!problems.isEmpty()) {
            throw new RefusedException(String.join("\n", problems));
        }
    }

    private static void check(String section, HostPort address, List<String> problems) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(
                    true); // As the real listeners do: connections of a broker just stopped do not count.
            socket.bind(new InetSocketAddress(InetAddress.getByName(address.host()), address.port()));
        } catch (UnknownHostException e) {
            problems.add(section + ".host: '" + address.host() + "' is not a host that can be found");
        } catch (IOException e) {
            problems.add(section + ".port: cannot listen on " + address + ": " + e.getMessage());
        }
    }
}
