package io.millrace.broker;

import io.millrace.controller.metadata.ClusterMetadata;
import io.millrace.partition.replica.Disk;
import io.millrace.partition.replica.ReplicaId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Directories of replicas whose topic was deleted, or that were moved to other brokers, while this broker was away.
 *
 * <p>Deleting the wrong one would lose acknowledged records, so: only a name that a replica's directory has, or had
 * before its log was found damaged; only a topic whose
 * creation this broker's metadata has seen, since a topic's id is the index of the metadata entry that created it; and only
 * if that metadata does not have the topic, or has this partition of it on other brokers alone.
 */
final class LeftoverDirectories {
    private final Path root;
    private final int brokerId;

    LeftoverDirectories(Path root, int brokerId) {
        this.root = root;
        this.brokerId = brokerId;
    }

    /** How many were deleted. Blocks. */
    int delete(ClusterMetadata metadata) throws IOException {
        if (!Files.isDirectory(root)) {
            return 0;
        }
        List<Path> leftovers = new ArrayList<>();
        try (Stream<Path> directories = Files.list(root)) {
            directories
                    .filter(Files::isDirectory)
                    .filter(directory -> isLeftover(directory, metadata))
                    .forEach(leftovers::add);
        }
        for (Path leftover : leftovers) {
            deleteAll(leftover);
        }
        return leftovers.size();
    }

    private boolean isLeftover(Path directory, ClusterMetadata metadata) {
        return idOf(directory)
                .filter(id -> id.topicId() > 0 && id.topicId() <= metadata.appliedIndex())
                .filter(id -> metadata.topic(id.topic())
                        .filter(topic -> topic.id() == id.topicId()
                                && (!topic.hasPartition(id.partition()) || topic.isOn(brokerId, id.partition())))
                        .isEmpty())
                .isPresent();
    }

    private Optional<ReplicaId> idOf(Path directory) {
        String name = directory.getFileName().toString();
        String group = name.endsWith(Disk.SET_ASIDE_SUFFIX)
                ? name.substring(0, name.length() - Disk.SET_ASIDE_SUFFIX.length())
                : name;
        try {
            return Optional.of(ReplicaId.parse(group + "@" + brokerId));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // Not a replica's: somebody else's business.
        }
    }

    private static void deleteAll(Path directory) throws IOException {
        List<Path> all;
        try (Stream<Path> paths = Files.walk(directory)) {
            all = paths.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : all) {
            Files.deleteIfExists(path);
        }
    }
}
