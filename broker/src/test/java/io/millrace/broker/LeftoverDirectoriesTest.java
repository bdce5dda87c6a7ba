package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
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

        int deleted = new LeftoverDirectories(root, 1).delete(Set.of(6L), 10);

        assertThat(deleted).isEqualTo(3);
        try (Stream<Path> left = Files.list(root)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "there-0~6",
                            "there-0~6.damaged",
                            "not-created-yet-0~11",
                            "__metadata-0~0",
                            "something else");
        }
    }

    @Test
    void thereMayBeNoDirectoryYet() throws IOException {
        assertThat(new LeftoverDirectories(root.resolve("none"), 1).delete(Set.of(), 10))
                .isZero();
    }

    private void make(String name) throws IOException {
        Path segment = Files.createDirectories(root.resolve(name)).resolve("0001.log");
        Files.writeString(segment, "records");
    }
}
