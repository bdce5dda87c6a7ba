package io.millrace.broker.data;

import java.nio.file.Path;

/** Another process: opens a data directory and says how that went. */
final class OpenDirectory {
    private OpenDirectory() {}

    public static void main(String[] arguments) {
        try (DataDirectory directory = DataDirectory.open(Path.of(arguments[0]), 1, "c")) {
            System.out.println("opened " + directory.path());
        } catch (RefusedException e) {
            System.out.println(e.getMessage());
            System.exit(1);
        }
    }
}
