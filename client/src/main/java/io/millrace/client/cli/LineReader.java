package io.millrace.client.cli;

import io.millrace.protocol.Bytes;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Lines as bytes: cut at each line feed and nowhere else, so that everything else comes through unchanged. What follows the
 * last line feed is a line too, unless it is empty.
 */
final class LineReader {
    private static final int CAPACITY_INITIAL = 256 * 1024;

    private final InputStream in;
    private final int lineBytesMax;
    private byte[] buffer = new byte[CAPACITY_INITIAL];
    private int start;
    private int end;
    private boolean atEnd;
    private long lineNumber;

    LineReader(InputStream in, int lineBytesMax) {
        this.in = in;
        this.lineBytesMax = lineBytesMax;
    }

    /** The number of the line that {@link #next()} gave last; the first is 1. */
    long lineNumber() {
        return lineNumber;
    }

    /**
     * The next line without its line feed; null at the end.
     *
     * @throws CliException if the line is longer than is allowed
     */
    @Nullable Bytes next() throws IOException {
        int scanned = start;
        while (true) {
            for (int at = scanned; at < end; at++) {
                if (buffer[at] == '\n') {
                    Bytes line = cut(at);
                    start = at + 1;
                    return line;
                }
            }
            if (end - start > lineBytesMax) {
                throw new CliException(
                        "line " + (lineNumber + 1) + " is longer than " + lineBytesMax + " bytes: not sent");
            }
            scanned = end - start;
            if (atEnd || !fill()) {
                atEnd = true;
                Bytes last = start == end ? null : cut(end);
                start = end;
                return last;
            }
            scanned += start;
        }
    }

    private Bytes cut(int lineEnd) {
        lineNumber++;
        return Bytes.wrap(Arrays.copyOfRange(buffer, start, lineEnd));
    }

    /** Takes what is there now, so that a line from a terminal or a slow pipe is sent at once. */
    private boolean fill() throws IOException {
        if (start > 0) {
            System.arraycopy(buffer, start, buffer, 0, end - start);
            end -= start;
            start = 0;
        }
        if (end == buffer.length) {
            buffer = Arrays.copyOf(buffer, buffer.length * 2);
        }
        int count = in.read(buffer, end, buffer.length - end);
        if (count < 0) {
            return false;
        }
        end += count;
        return true;
    }
}
