package io.millrace.client.cli;

import io.millrace.client.MillraceClient;
import io.millrace.client.TopicDescription;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * {@code millrace wait-leaders}: for the launcher, whose topic may be the last of thousands to get its leader when a cluster has been
 * started again. Hidden, since it serves scripts that started the brokers themselves.
 */
@Command(
        name = "wait-leaders",
        hidden = true,
        mixinStandardHelpOptions = true,
        description =
                "Wait until a topic's partitions have a leader that answers, for as long as any partition of the cluster gets one;"
                        + " say on stderr how far that is.")
final class WaitLeadersCommand extends ClientCommand {
    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Parameters(paramLabel = "TOPIC", description = "Its name.")
    private String topic;

    WaitLeadersCommand(Console console) {
        super(console);
    }

    @Override
    void run(MillraceClient client) {
        LeaderProgress progress = new LeaderProgress(timeout().toNanos(), System.nanoTime());
        while (true) {
            List<TopicDescription> all = client.admin().listTopics(true);
            List<TopicDescription> own =
                    all.stream().filter(one -> one.name().equals(topic)).toList();
            if (withLeader(own) == count(own) && allAnswer(client.admin().describeTopic(topic))) {
                return;
            }
            progress.look(withLeader(all), count(all), System.nanoTime())
                    .ifPresent(line -> console.err().println("millrace: " + line));
            if (progress.isStuck(System.nanoTime())) {
                throw new CliException(
                        topic
                                + " has no leader that answers, and no other partition gets one; see 'millrace cluster status'");
            }
            pause("interrupted; the partitions go on electing leaders");
        }
    }

    /** Who has just been elected, among thousands, may have more to do than to answer in time. */
    private static boolean allAnswer(TopicDescription topic) {
        return topic.partitions().stream()
                .allMatch(partition -> partition.highWatermark().isPresent());
    }

    private static int count(List<TopicDescription> topics) {
        return (int) partitions(topics).count();
    }

    private static int withLeader(List<TopicDescription> topics) {
        return (int) partitions(topics)
                .filter(partition -> partition.leader().isPresent())
                .count();
    }

    private static Stream<TopicDescription.PartitionDescription> partitions(List<TopicDescription> topics) {
        return topics.stream().flatMap(topic -> topic.partitions().stream());
    }
}
