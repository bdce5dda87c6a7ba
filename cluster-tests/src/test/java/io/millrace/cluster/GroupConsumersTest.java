package io.millrace.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.MillraceClient;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordPosition;
import io.millrace.protocol.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three brokers and the members of one group, all of them processes, of which some are stopped and some killed while records
 * are written: each record is handled, by one who hands over cleanly once.
 */
class GroupConsumersTest {
    private static final String TOPIC = "work";
    private static final int PARTITIONS = 12;
    private static final int RECORDS_A_PHASE = 6_000;
    private static final int ROOM = 2_000;

    /** A line of a member's output. */
    private record Handled(int partition, long offset, String value) {
        static Handled parse(String line) {
            String[] parts = line.split(" ", 3);
            return new Handled(Integer.parseInt(parts[0]), Long.parseLong(parts[1]), parts[2]);
        }
    }

    private final List<Path> outputs = new ArrayList<>();
    private final List<Handled> written = new ArrayList<>();

    @Test
    void everyRecordIsHandledWhileMembersAndABrokerComeAndGo(@TempDir Path directory)
            throws IOException, InterruptedException {
        try (ProcessCluster cluster = new ProcessCluster(directory, 3)) {
            cluster.startAll();
            try (MillraceClient client = MillraceClient.builder()
                    .bootstrap(String.join(",", cluster.addresses()))
                    .build()) {
                client.admin().createTopic(TOPIC, PARTITIONS, 3);
                Producer producer = client.producer();
                List<Process> members = new ArrayList<>();
                for (int i = 0; i < 6; i++) {
                    members.add(member(cluster, directory));
                }
                write(producer);
                awaitAllHandled();

                members.get(0).destroy(); // as Ctrl-C does
                ProcessCluster.awaitExit(members.get(0));
                write(producer);
                awaitAllHandled();
                Set<Handled> again = new HashSet<>(handledBy(outputs.subList(1, outputs.size())));
                again.retainAll(handledBy(outputs.subList(0, 1)));
                assertThat(again)
                        .as("what a member that has left in order leaves to do again")
                        .isEmpty();

                members.get(1).destroyForcibly();
                members.add(member(cluster, directory));
                write(producer);
                int killed = cluster.awaitLeader(TOPIC, 0);
                cluster.kill(killed);
                write(producer);
                members.get(2).destroyForcibly();
                cluster.start(killed);
                cluster.awaitReady(killed);
                write(producer);
                awaitAllHandled();
            }
        }
        assertInOrder();
    }

    private Process member(ProcessCluster cluster, Path directory) throws IOException {
        Path output = directory.resolve("member-" + outputs.size() + ".out");
        outputs.add(output);
        return cluster.spawn(output, "consume", TOPIC, "--group", "workers", "--format", "%p %o %v\\n");
    }

    private void write(Producer producer) {
        List<CompletableFuture<RecordPosition>> sent = new ArrayList<>();
        int first = written.size();
        for (int i = 0; i < RECORDS_A_PHASE; i++) {
            sent.add(producer.send(
                    ProducerRecord.of(TOPIC, Bytes.utf8("r" + (first + i))).toPartition(i % PARTITIONS)));
            if (i >= ROOM) {
                sent.get(i - ROOM).join();
            }
        }
        for (int i = 0; i < RECORDS_A_PHASE; i++) {
            RecordPosition position = sent.get(i).join();
            written.add(new Handled(position.partition(), position.offset(), "r" + (first + i)));
        }
    }

    private void awaitAllHandled() {
        try {
            ProcessCluster.await("all is handled", () -> handledBy(outputs).containsAll(written));
        } catch (AssertionError e) {
            Set<Handled> missing = new HashSet<>(written);
            missing.removeAll(handledBy(outputs));
            Map<Integer, Integer> missingIn = new HashMap<>();
            missing.forEach(handled -> missingIn.merge(handled.partition(), 1, Integer::sum));
            throw new AssertionError(e.getMessage() + "; missing by partition: " + missingIn, e);
        }
    }

    /** A record is never handled under another offset, and none but those that were acknowledged, or may have been. */
    private void assertInOrder() {
        long lines = 0;
        Set<Handled> all = new HashSet<>();
        for (Path output : outputs) {
            List<Handled> handled = lines(output);
            lines += handled.size();
            all.addAll(handled);
            Map<Integer, Long> next = new HashMap<>();
            for (Handled one : handled) {
                Long expected = next.put(one.partition(), one.offset() + 1);
                assertThat(expected == null || one.offset() <= expected || isHandledElsewhere(one, expected, output))
                        .as("%s in %s follows %s", one, output.getFileName(), expected)
                        .isTrue();
            }
        }
        assertThat(all.equals(new HashSet<>(written)))
                .as("%s handled of %s written", all.size(), written.size())
                .isTrue();
        System.out.printf(
                "%,d records acknowledged, %,d handled, %,d of them more than once%n",
                written.size(), all.size(), lines - all.size());
    }

    /** Whoever has had a partition before may find it further on: others have handled what is between. */
    private boolean isHandledElsewhere(Handled one, long expected, Path output) {
        List<Path> others =
                outputs.stream().filter(other -> !other.equals(output)).toList();
        Set<Long> offsets = new HashSet<>();
        handledBy(others).stream()
                .filter(other -> other.partition() == one.partition())
                .forEach(other -> offsets.add(other.offset()));
        for (long offset = expected; offset < one.offset(); offset++) {
            if (!offsets.contains(offset)) {
                return false;
            }
        }
        return true;
    }

    private static Set<Handled> handledBy(List<Path> outputs) {
        Set<Handled> handled = new HashSet<>();
        outputs.forEach(output -> handled.addAll(lines(output)));
        return handled;
    }

    /** Whole lines only: a member that was killed may have been in the middle of one. */
    private static List<Handled> lines(Path output) {
        try {
            String text = Files.readString(output, StandardCharsets.UTF_8);
            return text.substring(0, text.lastIndexOf('\n') + 1)
                    .lines()
                    .map(Handled::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
