package io.millrace.samples;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerSettings;
import io.millrace.client.MillraceClient;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RebalanceListener;
import io.millrace.protocol.Bytes;
import io.millrace.protocol.TopicPartition;
import java.time.Duration;
import java.util.Set;
import java.util.stream.IntStream;

/** Two members of one group share the partitions of a topic; when one leaves, the other gets all of them. Commits happen by themselves. */
public final class GroupSample {
    private static final String TOPIC = "sample-group";
    private static final int RECORDS = 1_000;

    private GroupSample() {}

    public static void main(String[] args) {
        Sample.run(args, GroupSample::run);
    }

    private static void run(MillraceClient client) {
        Sample.createTopic(client, TOPIC, 4);
        ConsumerSettings settings = ConsumerSettings.DEFAULT.withGroup("sample-group");
        try (Consumer first = client.consumer(settings)) {
            first.subscribe(Set.of(TOPIC), says("first"));
            try (Consumer second = client.consumer(settings)) {
                second.subscribe(Set.of(TOPIC), says("second"));
                while (first.assignment().size() != 2 || second.assignment().size() != 2) {
                    first.poll(Duration.ofMillis(10));
                    second.poll(Duration.ofMillis(10));
                }
                Sample.write(
                        client,
                        IntStream.range(0, RECORDS)
                                .mapToObj(
                                        i -> ProducerRecord.of(TOPIC, Bytes.utf8("key-" + i), Bytes.utf8("event " + i)))
                                .toList());
                int byFirst = 0;
                int bySecond = 0;
                while (byFirst + bySecond < RECORDS) {
                    byFirst += first.poll(Duration.ofMillis(100)).size();
                    bySecond += second.poll(Duration.ofMillis(100)).size();
                }
                second.poll(Duration.ZERO); // what was polled before is handled now, and committed when it leaves
                System.out.println("first handled " + byFirst + ", second " + bySecond);
                Sample.require(byFirst > 0 && bySecond > 0, "both had something to do");
            }
            while (first.assignment().size() != 4) {
                Sample.require(first.poll(Duration.ofMillis(10)).isEmpty(), "nothing is handled twice");
            }
        }
    }

    private static RebalanceListener says(String name) {
        return new RebalanceListener() {
            @Override
            public void onAssigned(Set<TopicPartition> partitions) {
                System.out.println(name + " is given " + partitions);
            }

            @Override
            public void onRevoked(Set<TopicPartition> partitions) {
                System.out.println(name + " lets go of " + partitions);
            }
        };
    }
}
