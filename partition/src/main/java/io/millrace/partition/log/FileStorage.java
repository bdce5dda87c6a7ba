package io.millrace.partition.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/** A directory of the file system. */
public final class FileStorage implements Storage {
    private final Path directory;

    private FileStorage(Path directory) {
        this.directory = directory;
    }

    /** Creates the directory if there is none, durably. */
    public static FileStorage in(Path directory) throws IOException {
        Path absolute = directory.toAbsolutePath();
        Path existing = absolute;
        while (!Files.isDirectory(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        Files.createDirectories(absolute);
        // Each new directory is an entry of its parent, and lost with it unless that is synced.
        for (Path made = absolute; !made.equals(existing) && made.getParent() != null; made = made.getParent()) {
            sync(made.getParent());
        }
        return new FileStorage(absolute);
    }

    /** Renames a directory of files, durably; one that has that name already is deleted. */
    public static void move(Path from, Path to) throws IOException {
        if (Files.isDirectory(to)) {
            try (Stream<Path> files = Files.list(to)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(to);
        }
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        Path parent = to.toAbsolutePath().getParent();
        if (parent != null) {
            sync(parent);
        }
    }

    @Override
    public List<String> list() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Override
    public StorageFile create(String name) throws IOException {
        return new ChannelFile(FileChannel.open(
                directory.resolve(name),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE));
    }

    @Override
    public StorageFile open(String name) throws IOException {
        return new ChannelFile(
                FileChannel.open(directory.resolve(name), StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    @Override
    public void delete(String name) throws IOException {
        Files.deleteIfExists(directory.resolve(name));
    }

    @Override
    public void syncDirectory() throws IOException {
        sync(directory);
    }

    @Override
    public void deleteDirectory() throws IOException {
        Files.deleteIfExists(directory);
        sync(directory.getParent() == null ? directory : directory.getParent());
    }

    private static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public String toString() {
        return directory.toString();
    }

    /** Goes through pooled direct buffers where the caller has a heap buffer; see {@link BufferPool}. */
    private record ChannelFile(FileChannel channel) implements StorageFile {
        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            if (target.isDirect()) {
                return fill(target, position);
            }
            ByteBuffer piece = BufferPool.SHARED.borrow();
            try {
                int total = 0;
                while (target.hasRemaining()) {
                    int wanted = Math.min(piece.capacity(), target.remaining());
                    int read = fill(piece.clear().limit(wanted), position + total);
                    target.put(piece.flip());
                    total += read;
                    if (read < wanted) {
                        break;
                    }
                }
                return total;
            } finally {
                BufferPool.SHARED.giveBack(piece);
            }
        }

        private int fill(ByteBuffer target, long position) throws IOException {
            int total = 0;
            while (target.hasRemaining()) {
                int read = channel.read(target, position + total);
                if (read < 0) {
                    break;
                }
                total += read;
            }
            return total;
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            long at = position;
            while (source.hasRemaining()) {
                at += channel.write(source, at);
            }
        }

        @Override
        public void force() throws IOException {
            channel.force(false); // fdatasync: the size goes with it when it changed, the modification time does not
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            channel.truncate(sizeBytes);
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
