package io.millrace.client.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AssignmentTest {
    @Test
    void partitionsComeInTheirOrderWhateverTheOrderOfTheOptions() {
        assertThat(Assignment.parse(List.of("4=1,2,3", "3=2"))).isEqualTo(Map.of(3, List.of(2), 4, List.of(1, 2, 3)));
        assertThat(Assignment.parse(List.of("4=1", "3=2")).firstKey()).isEqualTo(3);
        assertThat(Assignment.parse(List.of())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "0=", "=1", "0:1", "0=1,", "0=a", "a=1", "-1=1", "0=1;2", "0=12345678901"})
    void whatIsNoAssignmentIsSaid(String text) {
        assertThatThrownBy(() -> Assignment.parse(List.of(text)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("--assign " + text + " is not PARTITION=BROKER");
    }

    @Test
    void noPartitionIsNamedTwiceOrLeftOut() {
        assertThatThrownBy(() -> Assignment.parse(List.of("0=1", "0=2"))).hasMessageContaining("partition 0 twice");
        assertThatThrownBy(() -> Assignment.parse(List.of("0=1", "2=2")))
                .hasMessageContaining("leaves out a partition between 0 and 2");
    }
}
