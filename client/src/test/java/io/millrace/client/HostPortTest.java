package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class HostPortTest {
    @Test
    void addressesAreReadAsTheyAreWritten() {
        assertThat(HostPort.parseList("a:1, b ,[::1]:3,[fe80::1]"))
                .containsExactly(
                        new HostPort("a", 1),
                        new HostPort("b", 9092),
                        new HostPort("::1", 3),
                        new HostPort("fe80::1", 9092));
        assertThat(HostPort.parse("[::1]:3")).hasToString("[::1]:3");
        assertThat(HostPort.parse("a:1")).hasToString("a:1");
    }

    @Test
    void whatIsNoAddressIsRefused() {
        for (String bad : new String[] {"", ",", "a:", "a:b", "a:0", "a:65536", "a:999999", ":1", "::1", "a:-1"}) {
            assertThatThrownBy(() -> HostPort.parseList(bad)).as(bad).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
