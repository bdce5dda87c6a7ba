package io.millrace.client.cli;

import io.millrace.client.FailureReason;
import io.millrace.client.MillraceException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What all {@code delete} commands do with the names that they were given. */
final class Deletion {
    private Deletion() {}

    /**
     * Deletes one after the other, and says so.
     *
     * @param what they are, for people
     * @param noError one that fails so is told, and no error
     */
    static void each(
            Console console,
            String what,
            List<String> names,
            Consumer<String> delete,
            @Nullable FailureReason noError) {
        for (String name : names) {
            try {
                delete.accept(name);
                console.print("deleted " + name + "\n");
            } catch (MillraceException e) {
                if (e.reason() != noError) {
                    throw e;
                }
                console.err().println("millrace: there is no " + what + " " + name);
            }
        }
    }
}
