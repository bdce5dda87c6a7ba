package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.controller.metadata.Reassignment;
import io.millrace.controller.metadata.ReassignmentCause;
import io.millrace.controller.metadata.TopicMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoverDirectoriesTest {
    @TempDir
    private Path root = Path.of("unset");

    @Test
    void onlyTopicsThatWereCreatedAndAreGoneAreDeleted() throws IOException {
        make("gone-0~5");
        make("gone-with-hyphens-1~5");
        make("gone-2~5.damaged");
        make("there-0~6");
        make("there-0~6.damaged");
        make("not-created-yet-0~11");
        make("__metadata-0~0");
        make("something else");
        make("there-1~6");
        make("there-2~6");
        make("there-3~6");

        int deleted = new LeftoverDirectories(root, 1).delete(metadata());

        assertThat(deleted).isEqualTo(4);
        try (Stream<Path> left = Files.list(root)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "there-0~6",
                            "there-0~6.damaged",
                            "there-2~6",
                            "there-3~6",
                            "not-created-yet-0~11",
                            "__metadata-0~0",
                            "something else");
        }
    }

    @Test
    void thereMayBeNoDirectoryYet() throws IOException {
        assertThat(new LeftoverDirectories(root.resolve("none"), 1).delete(ClusterMetadata.EMPTY))
                .isZero();
    }

    /** Partition 1 of the topic is on another broker; partition 2 is to move here; of partition 3 nothing is known yet. */
    private static ClusterMetadata metadata() {
        TreeMap<Integer, Reassignment> moves = new TreeMap<>();
        moves.put(2, new Reassignment(List.of(2), Optional.of(List.of(1)), ReassignmentCause.REQUESTED, 9));
        TopicMetadata there = new TopicMetadata(
                "there", 6, 1, List.of(List.of(1), List.of(2), List.of(2)), new TreeMap<>(), new TreeMap<>(), moves);
        return new ClusterMetadata(
                Optional.of("c"),
                1,
                OptionalInt.of(1),
                new TreeMap<>(),
                new TreeSet<>(),
                new TreeMap<>(Map.of("there", there)),
                10);
    }

    private void make(String name) throws IOException {
        Path segment = Files.createDirectories(root.resolve(name)).resolve("0001.log");
        Files.writeString(segment, "records");
    }
}
