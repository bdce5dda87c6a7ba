package io.millrace.client.load;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Values of records, made before anything is measured. */
public final class Payloads {
    private static final int DISTINCT = 1_024;

    private Payloads() {}

    /** Random bytes, so that nothing on the way can gain by compressing them; the same at each call. */
    public static List<byte[]> random(int sizeBytes) {
        Random random = new Random(1);
        return IntStream.range(0, DISTINCT)
                .mapToObj(i -> {
                    byte[] value = new byte[sizeBytes];
                    random.nextBytes(value);
                    return value;
                })
                .toList();
    }
}
