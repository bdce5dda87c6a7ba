package io.millrace.cluster.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LinksTest {
    private final ServerSocket second = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
    private final Links links = new Links(1, second.getLocalPort(), 1);

    LinksTest() throws IOException {}

    @AfterEach
    void close() throws IOException {
        links.close();
        second.close();
    }

    private Socket connectToSecondAs(int broker) throws IOException {
        Socket socket = new Socket();
        socket.bind(new InetSocketAddress(Links.hostOf(broker), 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), links.portOf(2)));
        return socket;
    }

    @Test
    void aCutLinkHoldsBackWhatIsSaidAndOnlyOnThatLink() throws IOException {
        try (Socket first = connectToSecondAs(1);
                Socket firstAtSecond = second.accept();
                Socket third = connectToSecondAs(3);
                Socket thirdAtSecond = second.accept()) {
            first.getOutputStream().write(1);
            assertThat(firstAtSecond.getInputStream().read()).isEqualTo(1);

            links.cut(1, 2);
            first.getOutputStream().write(2);
            third.getOutputStream().write(3);
            assertThat(thirdAtSecond.getInputStream().read()).isEqualTo(3);
            firstAtSecond.setSoTimeout(100);
            assertThatThrownBy(() -> firstAtSecond.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);

            links.heal(1, 2, false);
            firstAtSecond.setSoTimeout(0);
            assertThat(firstAtSecond.getInputStream().read()).isEqualTo(2);
        }
    }

    @Test
    void aConnectionThatIsBrokenWhenItsLinkIsHealedEnds() throws IOException {
        try (Socket first = connectToSecondAs(1);
                Socket firstAtSecond = second.accept()) {
            links.cut(1, 2);
            first.getOutputStream().write(2);
            links.heal(1, 2, true);
            assertThat(firstAtSecond.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void aConnectionToABrokerThatIsDownEnds() throws IOException {
        second.close();
        try (Socket first = connectToSecondAs(1)) {
            assertThat(first.getInputStream().read()).isEqualTo(-1);
        }
    }
}
