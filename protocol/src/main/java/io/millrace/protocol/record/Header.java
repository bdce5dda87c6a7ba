package io.millrace.protocol.record;

import io.millrace.protocol.Bytes;
import org.jspecify.annotations.Nullable;

/**
 * A name and a value beside a record's payload. A record may have several of the same name; their order is kept.
 *
 * @param key any text, even empty
 * @param value may be null, which is not the same as empty
 */
public record Header(String key, @Nullable Bytes value) {
    /**
     * Checks the key.
     *
     * @throws IllegalArgumentException if the key has half a surrogate pair, which UTF-8 cannot say: it would arrive changed
     */
    public Header {
        if (!Utf8.canEncode(key)) {
            throw new IllegalArgumentException("a header's key must be text that UTF-8 can encode");
        }
    }
}
