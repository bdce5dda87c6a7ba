package io.millrace.benchmarks.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessUsageTest {
    @Test
    void aLineOfProcIsReadWhateverTheProcessIsCalled() {
        ProcessUsage usage = ProcessUsage.parse(
                "4711 (a) b (c) S 1 4711 4711 0 -1 4194560 12 0 0 0 250 150 7 8 20 0 31 0 99"
                        + " 1000000 2560 18446744073709551615 1 1 0\n",
                "rchar: 17\nwchar: 4\nread_bytes: 8192\nwrite_bytes: 1\ncancelled_write_bytes: 0\n");
        assertThat(usage.cpuSeconds()).isEqualTo(4.0);
        assertThat(usage.rssBytes()).isEqualTo(2_560 * 4_096);
        assertThat(usage.readBytes()).isEqualTo(8_192);
    }
}
