package io.millrace.client.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What a command sees of the world.
 *
 * @param in bytes, unbuffered
 * @param out bytes, unbuffered
 * @param err text for people
 * @param environment variables
 * @param errIsTerminal whether somebody watches {@code err}
 */
record Console(
        InputStream in, OutputStream out, PrintStream err, Map<String, String> environment, boolean errIsTerminal) {
    /** The process's own. The launcher tells about the terminal, since Java 17 cannot ask. */
    static Console ofProcess() {
        return new Console(
                new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
                System.getenv(),
                Boolean.getBoolean("millrace.stderr.terminal"));
    }

    /**
     * Prints a text to {@code out}, whole.
     *
     * @throws CliException if that is not possible
     */
    void print(String text) {
        try {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw CliException.writing(e);
        }
    }
}
