package io.millrace.partition.log;

import java.io.IOException;

/** The entries asked for are not in the log: trimmed, truncated while they were being read, or the log is closed. */
public final class EntriesUnavailableException extends IOException {
    private static final long serialVersionUID = 1;

    EntriesUnavailableException(String message) {
        super(message);
    }
}
