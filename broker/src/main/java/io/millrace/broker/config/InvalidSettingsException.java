package io.millrace.broker.config;

import java.util.List;

/** The configuration cannot be used. Has every mistake, each as a sentence with the key and where the value is from. */
public final class InvalidSettingsException extends RuntimeException {
    private final transient List<String> problems;

    public InvalidSettingsException(List<String> problems) {
        super(String.join("\n", problems));
        this.problems = List.copyOf(problems);
    }

    public List<String> problems() {
        return problems;
    }
}
