package io.millrace.partition.log;

import java.io.IOException;

/**
 * An earlier write or force of this log failed. What is on disk is unknown from then on, and asking the operating
 * system again proves nothing (it reports a lost page once, to whoever asks first): the log has to be opened anew.
 */
public final class LogFailedException extends IOException {
    private static final long serialVersionUID = 1;

    LogFailedException(Storage storage, Throwable cause) {
        super("The log in " + storage + " failed earlier and takes no more writes until it is opened anew", cause);
    }
}
