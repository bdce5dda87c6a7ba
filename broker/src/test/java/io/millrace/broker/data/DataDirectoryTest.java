package io.millrace.broker.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir
    private Path root = Path.of("unset");

    @Test
    void aDirectoryKeepsItsIdentity() {
        String id;
        try (DataDirectory first = DataDirectory.open(root.resolve("new/data"), 1, "c")) {
            id = first.directoryId();
            assertThat(first.clusterId()).isEmpty();
            first.register("cluster-x", 7);
        }
        try (DataDirectory again = DataDirectory.open(root.resolve("new/data"), 1, "c")) {
            assertThat(again.directoryId()).isEqualTo(id);
            assertThat(again.clusterId()).contains("cluster-x");
            again.register("cluster-x", 7);
        }
    }

    @Test
    void aDirectoryInUseIsRefusedWithTheProcessThatUsesIt() {
        try (DataDirectory held = DataDirectory.open(root, 1, "c")) {
            assertThatThrownBy(() -> DataDirectory.open(root, 1, "c"))
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining("process " + ProcessHandle.current().pid())
                    .hasMessageContaining(root.toString());
            assertThat(held.path()).isEqualTo(root);
        }
    }

    @Test
    void anotherProcessIsRefusedToo() throws Exception {
        try (DataDirectory held = DataDirectory.open(root, 1, "c")) {
            Process other = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            OpenDirectory.class.getName(),
                            root.toString())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(other.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);

            assertThat(other.waitFor()).isEqualTo(1);
            assertThat(output)
                    .contains("in use by another broker (process "
                            + ProcessHandle.current().pid() + ")");
            assertThat(held.path()).isEqualTo(root);
        }
    }

    @Test
    void anotherBrokersDirectoryIsRefused() {
        DataDirectory.open(root, 1, "c").close();

        assertThatThrownBy(() -> DataDirectory.open(root, 2, "c"))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("belongs to broker 1")
                .hasMessageContaining("millrace.broker-id is 2");
    }

    @Test
    void anotherClustersDirectoryIsRefused() {
        DataDirectory.open(root, 1, "blue").close();
        assertThatThrownBy(() -> DataDirectory.open(root, 1, "green"))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("'blue'");

        try (DataDirectory directory = DataDirectory.open(root, 1, "blue")) {
            directory.register("id-1", 7);
            assertThatThrownBy(() -> directory.register("id-2", 7))
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining("id-1")
                    .hasMessageContaining("id-2");
        }
    }

    @Test
    void aDamagedOrNewerStampIsRefusedAndLeftAsItIs() throws IOException {
        DataDirectory.open(root, 1, "c").close();
        Path stamp = root.resolve("broker.json");
        String good = Files.readString(stamp);

        Files.writeString(stamp, good.substring(0, good.length() / 2));
        assertThatThrownBy(() -> DataDirectory.open(root, 1, "c"))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("damaged");
        assertThat(Files.readString(stamp)).hasSize(good.length() / 2);

        Files.writeString(stamp, good.replace("\"formatVersion\" : 1", "\"formatVersion\" : 2"));
        assertThatThrownBy(() -> DataDirectory.open(root, 1, "c"))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("format version 2");
    }

    @Test
    void aRefusedDirectoryIsNotLeftLocked() {
        DataDirectory.open(root, 1, "c").close();
        assertThatThrownBy(() -> DataDirectory.open(root, 2, "c")).isInstanceOf(RefusedException.class);

        DataDirectory.open(root, 1, "c").close();
    }

    @Test
    void aFileInItsPlaceIsSaidPlainly() throws IOException {
        Path file = Files.writeString(root.resolve("file"), "");

        assertThatThrownBy(() -> DataDirectory.open(file, 1, "c"))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("which is a file");
    }
}
