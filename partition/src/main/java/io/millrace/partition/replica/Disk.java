package io.millrace.partition.replica;

import io.millrace.partition.log.FileStorage;
import io.millrace.partition.log.Storage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Supplier;

/** The disk that all replicas of one broker share. The seam behind which tests put one that fails, is slow or fills up. */
public interface Disk {
    /** Of the names of directories that {@link #setAside} made: no replica's directory is named so. */
    String SET_ASIDE_SUFFIX = ".damaged";

    /** Where a replica has its log; an empty place if it had none. Blocks. */
    Storage storageOf(ReplicaId replica) throws IOException;

    /** Puts what is there out of the way, for people to look at; what was put there before is deleted. Blocks. */
    void setAside(ReplicaId replica) throws IOException;

    /** How much room there was when somebody last looked; from any thread, at once. */
    DiskSpace space();

    /**
     * A directory of the file system.
     *
     * @param directory each replica has its own below it, named by its group
     */
    static Disk in(Path directory, Supplier<DiskSpace> space) {
        return new Disk() {
            @Override
            public Storage storageOf(ReplicaId replica) throws IOException {
                return FileStorage.in(directory.resolve(replica.group()));
            }

            @Override
            public void setAside(ReplicaId replica) throws IOException {
                FileStorage.move(
                        directory.resolve(replica.group()), directory.resolve(replica.group() + SET_ASIDE_SUFFIX));
            }

            @Override
            public DiskSpace space() {
                return space.get();
            }
        };
    }
}
