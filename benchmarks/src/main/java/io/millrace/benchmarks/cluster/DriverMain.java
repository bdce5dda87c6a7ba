package io.millrace.benchmarks.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * The client process of one system: takes {@link Task}s from its standard input until that ends, and answers each with a {@link
 * TaskResult}.
 */
final class DriverMain {
    private DriverMain() {}

    /** @param arguments the system's label, and where its servers are */
    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        PrintStream answers = System.out;
        System.setOut(System.err); // what a library has to say is no answer
        BufferedReader tasks = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (LoadClient client = client(PeerSystem.valueOf(arguments[0]), arguments[1])) {
            Driver driver = new Driver(client);
            for (String line = tasks.readLine(); line != null; line = tasks.readLine()) {
                answers.println(json.writeValueAsString(answer(driver, json.readValue(line, Task.class))));
                answers.flush();
            }
        }
        System.exit(0);
    }

    private static TaskResult answer(Driver driver, Task task) {
        try {
            return driver.run(task);
        } catch (Exception e) {
            e.printStackTrace();
            return TaskResult.failed(e.getCause() == null ? e.toString() : e + ", caused by " + e.getCause());
        }
    }

    private static LoadClient client(PeerSystem system, String bootstrap) throws Exception {
        return switch (system) {
            case MILLRACE -> new MillraceLoad(bootstrap);
            case KAFKA -> new KafkaLoad(bootstrap, false);
            case KAFKA_FLUSHED -> new KafkaLoad(bootstrap, true);
            case NATS -> new NatsLoad(bootstrap);
        };
    }
}
