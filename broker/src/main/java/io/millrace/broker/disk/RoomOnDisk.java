package io.millrace.broker.disk;

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

    /** Returns once more than the reserve is free; also without one, it does not look at once. */
    public static void await(Path directory, DiskReserve reserve) throws InterruptedException {
        Duration pause = PAUSE_MIN;
        do {
            Thread.sleep(pause.toMillis());
            pause = pause.multipliedBy(2).compareTo(PAUSE_MAX) < 0 ? pause.multipliedBy(2) : PAUSE_MAX;
        } while (!hasRoom(directory, reserve));
    }

    private static boolean hasRoom(Path directory, DiskReserve reserve) {
        try {
            return Files.getFileStore(directory).getUsableSpace() > reserve.bytes();
        } catch (IOException e) {
            LOG.warn("Cannot tell how much room there is on the disk: {}", e.toString());
            return true; // the start will tell what is wrong
        }
    }
}
