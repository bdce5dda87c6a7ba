package io.millrace.client.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.BrokerConfig;
import io.millrace.client.MovePlan;
import io.millrace.client.PartitionReassignment;
import io.millrace.protocol.TopicPartition;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MoveCommandsTest {
    private static String errorOf(String... args) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = MillraceCli.run(
                new Console(
                        new ByteArrayInputStream(new byte[0]),
                        new ByteArrayOutputStream(),
                        new PrintStream(err, true, UTF_8),
                        Map.of(),
                        false),
                args);
        assertThat(status).isEqualTo(MillraceCli.USAGE);
        return err.toString(UTF_8);
    }

    @ParameterizedTest
    @ValueSource(strings = {"orders", "orders:", ":0", "orders:x", "orders:-1", "a/b:0"})
    void aPartitionIsNamedByTopicAndNumber(String partition) {
        assertThat(errorOf("topic", "reassign", partition, "--to", "1"))
                .contains("'" + partition + "' is not TOPIC:PARTITION, such as orders:0");
    }

    @Test
    void whereToIsSaidOrThatItIsUndone() {
        String either = "either TOPIC:PARTITION with --to or --cancel, or nothing of that";
        assertThat(errorOf("topic", "reassign", "orders:0")).contains(either);
        assertThat(errorOf("topic", "reassign", "orders:0", "--to", "1", "--cancel"))
                .contains(either);
        assertThat(errorOf("topic", "reassign", "--cancel")).contains(either);
        assertThat(errorOf("topic", "reassign", "orders:0", "--to", "one")).contains("--to");
    }

    @Test
    void aBrokerIsANumber() {
        assertThat(errorOf("broker", "drain")).contains("BROKER");
        assertThat(errorOf("broker", "drain", "three")).contains("three");
        assertThat(errorOf("broker")).contains("run by the launcher");
    }

    @Test
    void whoseSettingsAreChangedIsSaid() {
        assertThat(errorOf("broker", "config")).contains("describe, set or unset");
        assertThat(errorOf("broker", "config", "set", "a=1")).contains("--broker", "--all");
        assertThat(errorOf("broker", "config", "set", "--all", "--broker", "1", "a=1"))
                .contains("mutually exclusive");
        assertThat(errorOf("broker", "config", "set", "--all")).contains("NAME=VALUE");
        assertThat(errorOf("broker", "config", "set", "--all", "a")).contains("a");
        assertThat(errorOf("broker", "config", "unset", "--broker", "1")).contains("NAME");
    }

    @Test
    void aConfigurationIsToldWithItsOrigins() {
        BrokerConfig config = new BrokerConfig(
                2,
                List.of(
                        new BrokerConfig.Setting("millrace.client.port", "9093", "FILE", "b.conf:3", false),
                        new BrokerConfig.Setting("millrace.moves-per-broker", "5", "DEFAULT", "", true)),
                Map.of(OptionalInt.of(2), new TreeMap<>(Map.of("retention-time", "7 days"))));
        assertThat(ConfigCommands.Describe.settings(config).toString())
                .isEqualTo(
                        """
                        SETTING                    VALUE  ORIGIN   WHERE     CHANGE
                        millrace.client.port       9093   FILE     b.conf:3  restart
                        millrace.moves-per-broker  5      DEFAULT  -         live
                        """);
        assertThat(ConfigCommands.Describe.given(config, true))
                .isEqualTo("nothing was set for all brokers while brokers run\n");
        assertThat(ConfigCommands.Describe.given(config, false))
                .isEqualTo(
                        """
                        WHOSE     SETTING         VALUE
                        broker 2  retention-time  7 days
                        """);
    }

    @Test
    void whatIsInTheWayOfAMoveIsToldOnceAndNotOfEveryElection() {
        ReassignCommand.WaitingNotice notice = new ReassignCommand.WaitingNotice();
        assertThat(notice.look("no leader")).isEmpty();
        assertThat(notice.look("")).as("only an election").isEmpty();
        assertThat(notice.look("no leader")).isEmpty();
        assertThat(notice.look("no leader")).contains("no leader");
        assertThat(notice.look("no leader")).as("told").isEmpty();
        assertThat(notice.look("")).isEmpty();
        assertThat(notice.look("no leader")).isEmpty();
        assertThat(notice.look("no leader")).as("again").isPresent();
    }

    @Test
    void whatIsUnderWayIsShownWithWhatItWaitsFor() {
        assertThat(ReassignCommand.table(List.of(
                        new PartitionReassignment(
                                new TopicPartition("orders", 0),
                                List.of(1, 2),
                                List.of(1, 3),
                                PartitionReassignment.Cause.REQUESTED,
                                ""),
                        new PartitionReassignment(
                                new TopicPartition("orders", 1),
                                List.of(2, 1),
                                List.of(3, 1),
                                PartitionReassignment.Cause.DRAIN,
                                "orders-1 has no leader"))))
                .isEqualTo(
                        """
                        PARTITION  ON   TO   CAUSE      WAITS FOR
                        orders-0   1,2  1,3  requested  -
                        orders-1   2,1  3,1  drain      orders-1 has no leader
                        """);
    }

    @Test
    void aPlanIsToldWithItsReasonsAndCounts() {
        MovePlan plan = new MovePlan(
                List.of(new MovePlan.Move(
                        new TopicPartition("orders", 0), List.of(1, 2), List.of(1, 3), "broker 2 is drained")),
                Map.of(1, 1, 2, 1, 3, 0),
                Map.of(1, 1, 2, 0, 3, 1));
        assertThat(MovePrinter.plan(plan, true))
                .isEqualTo(
                        """
                        1 partition would be moved
                        PARTITION  FROM  TO   REASON
                        orders-0   1,2   1,3  broker 2 is drained

                        BROKER  REPLICAS BEFORE  AFTER
                        1       1                1
                        2       1                0
                        3       0                1
                        """);
        assertThat(MovePrinter.plan(plan, false)).startsWith("1 partition to be moved\n");
    }
}
