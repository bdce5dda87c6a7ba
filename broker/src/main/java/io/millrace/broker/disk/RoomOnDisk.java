package io.millrace.broker.disk;

import io.millrace.partition.journal.JournalRoom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits until a full disk has room again, for a broker that cannot run without writing. Blocks. */
public final class RoomOnDisk {
    private static final Logger LOG = LoggerFactory.getLogger(RoomOnDisk.class);
    private static final Duration PAUSE_MIN = Duration.ofSeconds(1);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(30);

    private RoomOnDisk() {}

    /** Before a start: returns at once if a journal can be opened there; else says so, and waits as {@link #await} does. */
    public static void awaitStart(Path directory, DiskReserve reserve) throws InterruptedException {
        if (!hasRoom(directory, JournalRoom.BYTES_MIN)) {
            LOG.error(
                    "The disk of {} is full, and a broker cannot start without writing: it starts when more than {} bytes are free",
                    directory.toAbsolutePath().normalize(),
                    bytesAwaited(reserve));
            await(directory, reserve);
        }
    }

    /** Returns once more than the reserve is free, and what a journal needs; also without a reserve, it does not look at once. */
    public static void await(Path directory, DiskReserve reserve) throws InterruptedException {
        Duration pause = PAUSE_MIN;
        do {
            Thread.sleep(pause.toMillis());
            pause = pause.multipliedBy(2).compareTo(PAUSE_MAX) < 0 ? pause.multipliedBy(2) : PAUSE_MAX;
        } while (!hasRoom(directory, bytesAwaited(reserve)));
    }

    private static long bytesAwaited(DiskReserve reserve) {
        return Math.max(reserve.bytes(), JournalRoom.BYTES_MIN);
    }

    private static boolean hasRoom(Path directory, long bytes) {
        Path made = directory.toAbsolutePath();
        while (!Files.exists(made) && made.getParent() != null) {
            made = made.getParent(); // a first start
        }
        try {
            return Files.getFileStore(made).getUsableSpace() > bytes;
        } catch (IOException e) {
            LOG.warn("Cannot tell how much room there is on the disk: {}", e.toString());
            return true; // the start will tell what is wrong
        }
    }
}
