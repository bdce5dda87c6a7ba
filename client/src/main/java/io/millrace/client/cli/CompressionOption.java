package io.millrace.client.cli;

import io.millrace.client.BatchCompression;
import io.millrace.client.ProducerSettings;
import picocli.CommandLine.Option;

/** The option of every command that writes records. */
final class CompressionOption {
    @Option(
            names = {"-z", "--compression"},
            paramLabel = "CODEC",
            defaultValue = "none",
            description = "Of batches: none, gzip, snappy, lz4, zstd, or auto (by size). Default: none.")
    private BatchCompression compression = BatchCompression.NONE;

    ProducerSettings in(ProducerSettings settings) {
        return settings.withCompression(compression);
    }
}
