package io.millrace.partition.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A note on work of several steps, durable before the first step and removed after the last one, so that a crash in
 * between is followed by doing it all once more. A note that is not whole was not yet acted upon.
 */
final class IntentFile {
    private static final int MAGIC = 0x4D4C_494E; // MLIN

    private IntentFile() {}

    /** Not for doing work once more: the old note must hold until then, so it is not replaced. */
    static void write(Storage storage, String name, long... values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(sizeOf(values.length));
        bytes.putInt(MAGIC);
        for (long value : values) {
            bytes.putLong(value);
        }
        bytes.putInt(crcOf(bytes));
        storage.delete(name);
        try (StorageFile file = storage.create(name)) {
            file.write(bytes.flip(), 0);
            file.force();
        }
        storage.syncDirectory();
    }

    /** Durable when this returns: what can be read may not be, if its writer has died, or failed, before it was forced. */
    static Optional<long[]> read(Storage storage, String name, int values) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(sizeOf(values));
        try (StorageFile file = storage.open(name)) {
            if (file.read(bytes, 0) < bytes.capacity()) {
                return Optional.empty();
            }
            bytes.flip();
            if (bytes.getInt(0) != MAGIC || bytes.getInt(bytes.capacity() - Integer.BYTES) != crcOf(bytes)) {
                return Optional.empty();
            }
            file.write(bytes.duplicate(), 0);
            file.force();
        } catch (NoSuchFileException none) {
            return Optional.empty();
        }
        storage.syncDirectory();
        bytes.position(Integer.BYTES);
        long[] found = new long[values];
        for (int i = 0; i < values; i++) {
            found[i] = bytes.getLong();
        }
        return Optional.of(found);
    }

    static void remove(Storage storage, String name) throws IOException {
        storage.delete(name);
        storage.syncDirectory();
    }

    private static int sizeOf(int values) {
        return Integer.BYTES + values * Long.BYTES + Integer.BYTES;
    }

    private static int crcOf(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate().clear().limit(bytes.capacity() - Integer.BYTES));
        return (int) crc.getValue();
    }
}
