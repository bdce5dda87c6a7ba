package io.millrace.broker.data;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A data directory that this process, and no other, uses until it is closed.
 *
 * <p>The lock is the operating system's and ends with the process, however that ends; the number in {@code lock} only says
 * whom to look for. Files: {@code lock}, {@code broker.json}, and below {@code replicas}, {@code journal},
 * {@code snapshots} and {@code native} what others keep here.
 */
public final class DataDirectory implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private static final int PID_DIGITS_MAX = 20;

    private final Path path;
    private final FileChannel lockChannel;
    private BrokerStamp stamp;

    private DataDirectory(Path path, FileChannel lockChannel, BrokerStamp stamp) {
        this.path = path;
        this.lockChannel = lockChannel;
        this.stamp = stamp;
    }

    /**
     * Creates the directory if it is not there, locks it, and makes sure that it is this broker's.
     *
     * @throws RefusedException if another process has it, or it is another broker's or another cluster's, or cannot be used
     */
    public static DataDirectory open(Path path, int brokerId, String clusterName) {
        FileChannel lock = null;
        try {
            createDirectories(path);
            lock = lock(path);
            BrokerStamp stamp = stamp(path, brokerId, clusterName);
            DataDirectory directory = new DataDirectory(path, lock, stamp);
            lock = null;
            return directory;
        } catch (IOException e) {
            throw new RefusedException(
                    "cannot use the data directory " + path.toAbsolutePath() + ": " + describe(e), e);
        } finally {
            closeQuietly(lock);
        }
    }

    public Path path() {
        return path;
    }

    /** Where replicas have their logs. */
    public Path replicas() {
        return path.resolve("replicas");
    }

    /** Where native libraries are unpacked to. */
    public Path nativeLibraries() {
        return path.resolve("native");
    }

    /** Random, made with the directory. */
    public String directoryId() {
        return stamp.directoryId();
    }

    /** Empty until this broker was registered for the first time. */
    public synchronized Optional<String> clusterId() {
        return Optional.ofNullable(stamp.clusterId());
    }

    /** Whether this directory belongs to a cluster, and may hold its replicas. */
    public synchronized boolean isRegistered() {
        return stamp.clusterId() != null;
    }

    /** Topics with a larger id were made when this directory was there already; of older ones it has lost all that it lacks. */
    public synchronized long registeredAt() {
        Long index = stamp.registeredAt();
        return index == null ? 0 : index;
    }

    /**
     * Writes down which cluster this is, for ever.
     *
     * @param index of the metadata, when it was registered
     * @throws RefusedException if it has another cluster's id already, or cannot be written
     */
    public synchronized void register(String clusterId, long index) {
        Optional<String> known = clusterId();
        if (known.isPresent() && !known.get().equals(clusterId)) {
            throw new RefusedException(
                    "the data directory " + path.toAbsolutePath() + " belongs to cluster " + known.get()
                            + ", but the brokers found are cluster " + clusterId
                            + ": check millrace.data-dir and millrace.cluster.seeds");
        }
        if (known.isEmpty()) {
            BrokerStamp complete = stamp.registered(clusterId, index);
            try {
                write(path, complete);
            } catch (IOException e) {
                throw new RefusedException("cannot write " + path.resolve("broker.json") + ": " + describe(e), e);
            }
            stamp = complete;
        }
    }

    /** Gives the directory free for others. */
    @Override
    public void close() {
        closeQuietly(lockChannel);
    }

    private static void createDirectories(Path path) throws IOException {
        try {
            Files.createDirectories(path);
        } catch (FileAlreadyExistsException e) {
            throw new RefusedException(
                    "millrace.data-dir is " + path.toAbsolutePath() + ", which is a file, not a directory", e);
        }
    }

    private static FileChannel lock(Path path) throws IOException {
        Path file = path.resolve("lock");
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            FileLock lock = tryLock(channel);
            if (lock == null) {
                throw new RefusedException("the data directory " + path.toAbsolutePath()
                        + " is in use by another broker"
                        + pidIn(channel).map(pid -> " (process " + pid + ")").orElse("")
                        + ": two processes must never share one; stop that one, or set millrace.data-dir");
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
            channel.force(false);
            return channel;
        } catch (IOException | RuntimeException e) {
            closeQuietly(channel);
            throw e;
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // By this very process.
        }
    }

    private static Optional<String> pidIn(FileChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(PID_DIGITS_MAX);
        channel.read(buffer, 0);
        String text = new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII).strip();
        return text.matches("[0-9]+") ? Optional.of(text) : Optional.empty();
    }

    private static BrokerStamp stamp(Path path, int brokerId, String clusterName) throws IOException {
        Path file = path.resolve("broker.json");
        if (!Files.exists(file)) {
            BrokerStamp stamp = BrokerStamp.first(brokerId, clusterName);
            write(path, stamp);
            return stamp;
        }
        BrokerStamp stamp;
        try {
            stamp = JSON.readValue(Files.readAllBytes(file), BrokerStamp.class);
        } catch (JsonProcessingException e) {
            throw new RefusedException(
                    file.toAbsolutePath() + " is damaged, so it is not known whose data this is: "
                            + e.getOriginalMessage(),
                    e);
        }
        if (stamp.formatVersion() != BrokerStamp.FORMAT_VERSION) {
            throw new RefusedException("the data directory " + path.toAbsolutePath() + " has format version "
                    + stamp.formatVersion() + "; this release reads version " + BrokerStamp.FORMAT_VERSION);
        }
        if (stamp.brokerId() != brokerId) {
            throw new RefusedException("the data directory " + path.toAbsolutePath() + " belongs to broker "
                    + stamp.brokerId() + ", but millrace.broker-id is " + brokerId);
        }
        if (!stamp.clusterName().equals(clusterName)) {
            throw new RefusedException("the data directory " + path.toAbsolutePath() + " belongs to a cluster named '"
                    + stamp.clusterName() + "', but millrace.cluster.name is '" + clusterName + "'");
        }
        return stamp;
    }

    /** All or nothing, also if the machine dies meanwhile. */
    private static void write(Path path, BrokerStamp stamp) throws IOException {
        Path temporary = path.resolve("broker.json.tmp");
        try (FileChannel channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap(JSON.writeValueAsBytes(stamp));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(temporary, path.resolve("broker.json"), StandardCopyOption.ATOMIC_MOVE);
        try (FileChannel directory = FileChannel.open(path, StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    private static String describe(IOException e) {
        return e instanceof AccessDeniedException
                ? "permission denied: " + e.getMessage()
                : String.valueOf(e.getMessage());
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                // Nothing depends on it: the lock ends with the process at the latest.
            }
        }
    }
}
