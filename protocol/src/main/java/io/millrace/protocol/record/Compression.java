package io.millrace.protocol.record;

import org.jspecify.annotations.Nullable;

/** How a batch's records are compressed, as a whole: bits 0–2 of its attributes. */
public enum Compression {
    NONE(0),
    GZIP(1),
    SNAPPY(2),
    LZ4(3),
    ZSTD(4);

    private static final Compression[] BY_ID = values();

    private final int id;

    Compression(int id) {
        this.id = id;
    }

    /** The number that stands for it in the attributes. */
    public int id() {
        return id;
    }

    /** The codec with this number, or null if there is none. */
    static @Nullable Compression forId(int id) {
        return id < BY_ID.length ? BY_ID[id] : null;
    }
}
