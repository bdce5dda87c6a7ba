package io.millrace.partition.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A directory in memory that behaves as badly as a disk may. What was not forced survives a crash sector by sector, each
 * in any of the states it was in since the last force; creations and deletions that were not synced, each or not. All
 * chance comes from the {@link Random} handed to {@link #crash}.
 */
public final class SimulatedStorage implements Storage {
    private static final int SECTOR_BYTES = 512;

    /** What can be made to fail once. */
    private enum Fault {
        WRITE,
        FORCE
    }

    private TreeMap<String, Inode> names = new TreeMap<>();
    private TreeMap<String, Inode> durableNames = new TreeMap<>();
    private int generation;
    private long capacityBytes = Long.MAX_VALUE;
    private int writesUntilFault = -1;
    private int forcesUntilFault = -1;
    private int openFiles;
    private int operationsUntilHalt = -1;
    private @Nullable Runnable beforeRead;
    private int forces;
    private int writes;

    /** The content of a file: as the operating system shows it, and as the disk has it. */
    private static final class Inode {
        byte[] content = new byte[0];
        int size;
        byte[] durable = new byte[0];
        int durableSize;
        final TreeMap<Integer, List<byte[]>> dirtySectors = new TreeMap<>();
        final List<Integer> dirtySizes = new ArrayList<>();

        void touched(int from, int until) {
            for (int sector = from / SECTOR_BYTES; sector * SECTOR_BYTES < until; sector++) {
                dirtySectors.computeIfAbsent(sector, s -> new ArrayList<>()).add(sectorOf(content, sector));
            }
        }

        static byte[] sectorOf(byte[] bytes, int sector) {
            byte[] image = new byte[SECTOR_BYTES];
            int from = sector * SECTOR_BYTES;
            int length = Math.min(SECTOR_BYTES, bytes.length - from);
            if (length > 0) {
                System.arraycopy(bytes, from, image, 0, length);
            }
            return image;
        }

        void force() {
            if (durable.length < content.length) {
                durable = Arrays.copyOf(durable, content.length);
            }
            dirtySectors.forEach((sector, images) -> store(sector, images.get(images.size() - 1)));
            durableSize = dirtySizes.isEmpty() ? durableSize : dirtySizes.get(dirtySizes.size() - 1);
            forget();
        }

        void forget() {
            dirtySectors.clear();
            dirtySizes.clear();
        }

        private void store(int sector, byte[] image) {
            int from = sector * SECTOR_BYTES;
            if (durable.length < from + SECTOR_BYTES) {
                durable = Arrays.copyOf(durable, from + SECTOR_BYTES);
            }
            System.arraycopy(image, 0, durable, from, SECTOR_BYTES);
        }

        void crash(Random random) {
            int fate = random.nextInt(4); // sometimes nothing reached the disk, sometimes all
            dirtySectors.forEach((sector, images) -> {
                int survivors = images.size();
                int chosen = fate == 0 ? 0 : fate == 1 ? survivors : random.nextInt(survivors + 1);
                if (chosen > 0) {
                    byte[] image = images.get(chosen - 1);
                    if (fate == 3 && random.nextInt(8) == 0) { // torn within the sector
                        byte[] old = chosen > 1 ? images.get(chosen - 2) : sectorOf(durable, sector);
                        int torn = random.nextInt(SECTOR_BYTES);
                        image = image.clone();
                        System.arraycopy(old, torn, image, torn, SECTOR_BYTES - torn);
                    }
                    store(sector, image);
                }
            });
            if (!dirtySizes.isEmpty()) {
                int chosen = fate == 0 ? 0 : fate == 1 ? dirtySizes.size() : random.nextInt(dirtySizes.size() + 1);
                durableSize = chosen == 0 ? durableSize : dirtySizes.get(chosen - 1);
            }
            forget();
            durable = Arrays.copyOf(durable, Math.max(durable.length, durableSize));
            Arrays.fill(durable, durableSize, durable.length, (byte) 0);
            content = durable.clone();
            size = durableSize;
        }
    }

    /** The power goes: all open files are dead, and what was not forced is subject to chance. */
    public synchronized void crash(Random random) {
        generation++;
        TreeSet<String> all = new TreeSet<>(names.keySet());
        all.addAll(durableNames.keySet());
        TreeMap<String, Inode> survivors = new TreeMap<>();
        for (String name : all) {
            Inode before = durableNames.get(name);
            Inode after = names.get(name);
            Inode chosen = before == after || random.nextBoolean() ? after : before;
            if (chosen != null) {
                survivors.put(name, chosen);
            }
        }
        survivors.values().forEach(inode -> inode.crash(random));
        names = survivors;
        durableNames = new TreeMap<>(survivors);
        clearFaults();
    }

    /** The process dies and the operating system lives: nothing is lost but the open files. */
    public synchronized void kill() {
        generation++;
        clearFaults();
    }

    /** From now on nothing fails, and the disk is large. */
    public synchronized void clearFaults() {
        writesUntilFault = -1;
        forcesUntilFault = -1;
        operationsUntilHalt = -1;
        capacityBytes = Long.MAX_VALUE;
    }

    /** The write after so many more fails, a part of it done. */
    public synchronized void failWriteAfter(int writesBefore) {
        writesUntilFault = writesBefore;
    }

    /** The force after so many more fails; what it should have made durable is then clean in memory and not on disk. */
    public synchronized void failForceAfter(int forcesBefore) {
        forcesUntilFault = forcesBefore;
    }

    /** After so many more operations that change something, every one fails, as if the process had been stopped there. */
    public synchronized void haltAfter(int operations) {
        operationsUntilHalt = operations;
    }

    /** Whether operations fail because of {@link #haltAfter}. */
    public synchronized boolean isHalted() {
        return operationsUntilHalt == 0;
    }

    /** The real log in this directory, with the salts of its segments handed in: the same each time. */
    public SegmentedLog openLog(LogSettings settings, OffsetReader offsets, LongSupplier salts) throws IOException {
        return SegmentedLog.open(this, settings, offsets, salts);
    }

    /** Bytes in all files. */
    public synchronized long usedBytes() {
        return names.values().stream().mapToLong(inode -> inode.size).sum();
    }

    /** Runs something once, in the middle of whoever reads next. */
    public synchronized void beforeNextRead(Runnable intrusion) {
        beforeRead = intrusion;
    }

    public synchronized void limitTo(long bytes) {
        capacityBytes = bytes;
    }

    public synchronized void flipBit(String name, int position, int bit) {
        Inode inode = names.get(name);
        if (inode == null || position >= inode.size) {
            throw new IllegalArgumentException("no byte " + position + " in " + name);
        }
        inode.content[position] ^= (byte) (1 << bit);
        if (position < inode.durable.length) {
            inode.durable[position] ^= (byte) (1 << bit);
        }
    }

    /** Cuts a file behind everybody's back. */
    public synchronized void cut(String name, int size) {
        Inode inode = names.get(name);
        if (inode == null) {
            throw new IllegalArgumentException("no " + name);
        }
        inode.content = Arrays.copyOf(inode.content, size);
        inode.size = size;
        inode.durable = Arrays.copyOf(inode.durable, size);
        inode.durableSize = size;
        inode.forget();
    }

    public synchronized byte[] contentOf(String name) {
        Inode inode = names.get(name);
        if (inode == null) {
            throw new IllegalArgumentException("no " + name);
        }
        return Arrays.copyOf(inode.content, inode.size);
    }

    /** A directory with the same content, all of it durable. */
    public synchronized SimulatedStorage copy() {
        SimulatedStorage copy = new SimulatedStorage();
        for (Map.Entry<String, Inode> file : names.entrySet()) {
            Inode inode = new Inode();
            inode.content = Arrays.copyOf(file.getValue().content, file.getValue().size);
            inode.size = file.getValue().size;
            inode.durable = inode.content.clone();
            inode.durableSize = inode.size;
            copy.names.put(file.getKey(), inode);
        }
        copy.durableNames = new TreeMap<>(copy.names);
        return copy;
    }

    public synchronized int forces() {
        return forces;
    }

    public synchronized int writes() {
        return writes;
    }

    @Override
    public synchronized List<String> list() {
        return List.copyOf(names.keySet());
    }

    @Override
    public synchronized StorageFile create(String name) throws IOException {
        halt();
        if (names.containsKey(name)) {
            throw new FileAlreadyExistsException(name);
        }
        Inode inode = new Inode();
        names.put(name, inode);
        return new SimulatedFile(inode, generation);
    }

    @Override
    public synchronized StorageFile open(String name) throws IOException {
        Inode inode = names.get(name);
        if (inode == null) {
            throw new NoSuchFileException(name);
        }
        return new SimulatedFile(inode, generation);
    }

    @Override
    public synchronized void delete(String name) throws IOException {
        halt();
        names.remove(name);
    }

    @Override
    public synchronized void syncDirectory() throws IOException {
        halt();
        durableNames = new TreeMap<>(names);
    }

    @Override
    public synchronized void deleteDirectory() throws IOException {
        halt();
        if (!names.isEmpty()) {
            throw new IOException("not empty: " + names.keySet());
        }
    }

    @Override
    public String toString() {
        return "simulated storage";
    }

    private void halt() throws IOException {
        if (operationsUntilHalt == 0) {
            throw new IOException("halted");
        }
        if (operationsUntilHalt > 0) {
            operationsUntilHalt--;
        }
    }

    private boolean faultDue(Fault fault) {
        return switch (fault) {
            case WRITE -> writesUntilFault >= 0 && writesUntilFault-- == 0;
            case FORCE -> forcesUntilFault >= 0 && forcesUntilFault-- == 0;
        };
    }

    /** How often files were opened and not closed again. */
    public synchronized int openFiles() {
        return openFiles;
    }

    private final class SimulatedFile implements StorageFile {
        private final Inode inode;
        private final int openedIn;
        private boolean closed;

        SimulatedFile(Inode inode, int openedIn) {
            this.inode = inode;
            this.openedIn = openedIn;
            openFiles++;
        }

        private void check() throws IOException {
            if (closed || openedIn != generation) {
                throw new ClosedChannelException();
            }
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            synchronized (SimulatedStorage.this) {
                Runnable intrusion = beforeRead;
                beforeRead = null;
                if (intrusion != null) {
                    intrusion.run();
                }
                check();
                int length = (int) Math.max(0, Math.min(target.remaining(), inode.size - position));
                if (length > 0) {
                    target.put(inode.content, (int) position, length);
                }
                return length;
            }
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            synchronized (SimulatedStorage.this) {
                check();
                halt();
                writes++;
                boolean fails = faultDue(Fault.WRITE);
                int length = fails ? source.remaining() / 2 : source.remaining();
                long room = capacityBytes == Long.MAX_VALUE
                        ? Long.MAX_VALUE
                        : Math.max(0, capacityBytes - usedBytes() + inode.size - position);
                boolean full = length > room;
                length = (int) Math.min(length, room);
                int end = Math.toIntExact(position + length);
                if (end > inode.content.length) {
                    inode.content = Arrays.copyOf(inode.content, Math.max(end, inode.content.length * 2));
                }
                source.get(inode.content, (int) position, length);
                if (end > inode.size) {
                    inode.size = end;
                    inode.dirtySizes.add(end);
                }
                inode.touched((int) position, end);
                if (fails || full) {
                    throw new IOException(full ? "No space left on device" : "Input/output error");
                }
            }
        }

        @Override
        public void force() throws IOException {
            synchronized (SimulatedStorage.this) {
                check();
                halt();
                forces++;
                if (faultDue(Fault.FORCE)) {
                    inode.dirtySectors.clear(); // the size is the journal's affair, and still to be written
                    throw new IOException("Input/output error");
                }
                inode.force();
            }
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            synchronized (SimulatedStorage.this) {
                check();
                halt();
                if (sizeBytes < inode.size) {
                    int old = inode.size;
                    Arrays.fill(inode.content, (int) sizeBytes, old, (byte) 0);
                    inode.size = (int) sizeBytes;
                    inode.dirtySizes.add(inode.size);
                    inode.touched((int) sizeBytes, old);
                }
            }
        }

        @Override
        public long size() throws IOException {
            synchronized (SimulatedStorage.this) {
                check();
                return inode.size;
            }
        }

        @Override
        public void close() {
            synchronized (SimulatedStorage.this) {
                openFiles -= closed ? 0 : 1;
                closed = true;
            }
        }
    }
}
