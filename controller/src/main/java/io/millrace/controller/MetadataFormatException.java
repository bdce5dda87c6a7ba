package io.millrace.controller;

/** Bytes that are no metadata command which this version understands. */
public final class MetadataFormatException extends IllegalArgumentException {
    MetadataFormatException(String message) {
        super(message);
    }

    MetadataFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
