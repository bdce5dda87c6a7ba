package io.millrace.client.cli;

import java.io.IOException;
import java.util.Locale;

/** Ends a command: with a message for the user and status 1, or quietly because nobody reads any more. */
final class CliException extends RuntimeException {
    private final boolean quiet;

    CliException(String message) {
        this(message, false);
    }

    private CliException(String message, boolean quiet) {
        super(message);
        this.quiet = quiet;
    }

    /** For a failure to write to stdout: a reader that went away ({@code | head}) is no failure. */
    static CliException writing(IOException e) {
        String message = String.valueOf(e.getMessage());
        String lower = message.toLowerCase(Locale.ROOT);
        boolean readerLeft = lower.contains("broken pipe") || lower.contains("stream closed");
        return new CliException("cannot write to stdout: " + message, readerLeft);
    }

    boolean isQuiet() {
        return quiet;
    }
}
