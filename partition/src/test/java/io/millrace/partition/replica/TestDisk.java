package io.millrace.partition.replica;

import io.millrace.partition.log.SimulatedStorage;
import io.millrace.partition.log.Storage;
import io.millrace.partition.log.StorageFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** The disk of one broker with one replica: as faulty as {@link SimulatedStorage}, and it can be made to hang. */
final class TestDisk implements Disk {
    final SimulatedStorage storage = new SimulatedStorage();
    private final ReentrantReadWriteLock hanging = new ReentrantReadWriteLock();
    private volatile boolean onlyForces;
    private volatile boolean readsToo;
    private final AtomicInteger setAsides = new AtomicInteger();
    private volatile DiskSpace space = DiskSpace.AMPLE;

    void space(DiskSpace now) {
        space = now;
    }

    /** What changes something waits until {@link #goOn()}, to be called by the same thread; reads do not. */
    void hang() {
        onlyForces = false;
        hanging.writeLock().lock();
    }

    /** The same for forces alone. */
    void hangForces() {
        onlyForces = true;
        hanging.writeLock().lock();
    }

    /** Reads and forces wait. */
    void hangReads() {
        readsToo = true;
        onlyForces = true;
        hanging.writeLock().lock();
    }

    void goOn() {
        readsToo = false;
        hanging.writeLock().unlock();
    }

    /** How many operations wait. */
    int waiting() {
        return hanging.getQueueLength();
    }

    @Override
    public Storage storageOf(ReplicaId replica) {
        return new Hanging();
    }

    @Override
    public void setAside(ReplicaId replica) throws IOException {
        for (String name : storage.list()) {
            storage.delete(name);
        }
        storage.syncDirectory();
        setAsides.incrementAndGet();
    }

    /** How many logs were set aside, and are gone. */
    int setAsides() {
        return setAsides.get();
    }

    @Override
    public DiskSpace space() {
        return space;
    }

    private interface Operation {
        void run() throws IOException;
    }

    private void change(Operation operation) throws IOException {
        if (onlyForces) {
            operation.run();
        } else {
            waitAndRun(operation);
        }
    }

    private void waitAndRun(Operation operation) throws IOException {
        hanging.readLock().lock();
        try {
            operation.run();
        } finally {
            hanging.readLock().unlock();
        }
    }

    private final class Hanging implements Storage {
        @Override
        public List<String> list() {
            return storage.list();
        }

        @Override
        public StorageFile create(String name) throws IOException {
            return new HangingFile(storage.create(name));
        }

        @Override
        public StorageFile open(String name) throws IOException {
            return new HangingFile(storage.open(name));
        }

        @Override
        public void delete(String name) throws IOException {
            change(() -> storage.delete(name));
        }

        @Override
        public void syncDirectory() throws IOException {
            change(storage::syncDirectory);
        }

        @Override
        public void deleteDirectory() throws IOException {
            storage.deleteDirectory();
        }

        @Override
        public String toString() {
            return storage.toString();
        }
    }

    private final class HangingFile implements StorageFile {
        private final StorageFile file;

        HangingFile(StorageFile file) {
            this.file = file;
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            if (!readsToo) {
                return file.read(target, position);
            }
            int[] count = new int[1];
            waitAndRun(() -> count[0] = file.read(target, position));
            return count[0];
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            change(() -> file.write(source, position));
        }

        @Override
        public void force() throws IOException {
            waitAndRun(file::force);
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            change(() -> file.truncate(sizeBytes));
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
