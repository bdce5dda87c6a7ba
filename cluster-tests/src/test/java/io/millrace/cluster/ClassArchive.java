package io.millrace.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The classes of a broker in a file that brokers map instead of loading them: made once for each build, where {@code bin/millrace
 * quickstart} makes it as well. Brokers without it only start more slowly.
 */
final class ClassArchive {
    private static boolean looked;

    private ClassArchive() {}

    /** @param home the root of the checkout, in which everything is packaged */
    static synchronized void makeIfMissing(Path home) throws IOException, InterruptedException {
        Path archive = home.resolve("target").resolve("broker.jsa");
        Path jar = home.resolve("broker").resolve("target").resolve("millrace-broker.jar");
        if (looked || isNewer(archive, jar)) {
            return;
        }
        looked = true; // and the broker below goes without
        Path directory = Files.createTempDirectory("class-archive");
        Path made = directory.resolve("broker.jsa");
        try (ProcessCluster alone = new ProcessCluster(directory, 1)) {
            alone.start(1, "-XX:ArchiveClassesAtExit=" + made + " -Xlog:cds=off -Xlog:cds+dynamic=off");
            alone.awaitReady(1);
            alone.stop(1);
        }
        if (Files.exists(made)) {
            Files.createDirectories(archive.getParent());
            Files.move(made, archive, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static boolean isNewer(Path archive, Path jar) throws IOException {
        return Files.exists(archive)
                && Files.getLastModifiedTime(archive).compareTo(Files.getLastModifiedTime(jar)) > 0;
    }
}
