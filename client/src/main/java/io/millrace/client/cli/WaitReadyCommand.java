package io.millrace.client.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.millrace.client.HostPort;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/**
 * {@code millrace wait-ready}: for the launcher, which must not depend on curl. Hidden, since it serves scripts that started
 * the brokers themselves.
 */
@Command(
        name = "wait-ready",
        hidden = true,
        mixinStandardHelpOptions = true,
        description = "Wait until brokers answer GET /ready with 200, and say on stdout how far each one is.")
final class WaitReadyCommand implements Callable<Integer> {
    private static final int HTTP_OK = 200;
    private static final int REQUEST_TIMEOUT_MILLIS = 2_000;
    private static final long POLL_MILLIS = 200;
    private static final int BODY_BYTES_MAX = 4096;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Console console;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Option(
            names = "--broker",
            required = true,
            paramLabel = "ID,HOST:PORT[,PID]",
            converter = TargetConverter.class,
            description = "A broker and where it serves HTTP; repeat it for each. With the process id, the end of the"
                    + " process ends the wait.")
    private List<Target> targets;

    @SuppressWarnings("NullAway.Init") // Set by picocli.
    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "60s",
            converter = ConnectionOptions.DurationConverter.class,
            description = "How long to wait. Default: 60s.")
    private Duration timeout;

    @Option(names = "--once", description = "Look once and say what there is; wait for nothing.")
    private boolean once;

    WaitReadyCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws InterruptedException {
        long started = System.nanoTime();
        List<String> said = new ArrayList<>(targets.stream().map(target -> "").toList());
        while (true) {
            boolean allReady = true;
            boolean anyGone = false;
            double seconds = (System.nanoTime() - started) / 1e9;
            for (int i = 0; i < targets.size(); i++) {
                Target target = targets.get(i);
                State state = look(target);
                if (!state.text().equals(said.get(i))) {
                    said.set(i, state.text());
                    console.print(String.format(
                            Locale.ROOT, "  %5.1f s  broker %d: %s%n", seconds, target.id(), state.text()));
                }
                allReady &= state.ready();
                anyGone |= state.gone();
            }
            if (allReady) {
                return MillraceCli.OK;
            }
            if (once) {
                return MillraceCli.FAILED;
            }
            if (anyGone || seconds * 1000 > timeout.toMillis()) {
                console.err()
                        .println("millrace: "
                                + (anyGone ? "a broker has ended" : "not ready in " + timeout.toSeconds() + " s"));
                return MillraceCli.FAILED;
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /** A broker to be asked. */
    record Target(int id, HostPort http, @Nullable Long pid) {}

    /** What one look has shown. */
    private record State(boolean ready, boolean gone, String text) {}

    private static State look(Target target) {
        Long pid = target.pid();
        if (pid != null && ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty()) {
            return new State(false, true, "its process, " + pid + ", has ended");
        }
        try {
            HttpURLConnection connection = (HttpURLConnection)
                    URI.create("http://" + target.http() + "/ready").toURL().openConnection(java.net.Proxy.NO_PROXY);
            connection.setConnectTimeout(REQUEST_TIMEOUT_MILLIS);
            connection.setReadTimeout(REQUEST_TIMEOUT_MILLIS);
            try {
                int status = connection.getResponseCode();
                return status == HTTP_OK
                        ? new State(true, false, "ready")
                        : new State(false, false, "not ready yet" + reason(connection.getErrorStream()));
            } finally {
                connection.disconnect();
            }
        } catch (ConnectException e) {
            return new State(false, false, pid == null ? "not running" : "starting");
        } catch (IOException e) {
            return new State(false, false, "starting, " + e.getMessage());
        }
    }

    /** What is missing, in the broker's words: {@code {"missing": ["…"]}}. */
    private static String reason(@Nullable InputStream body) throws IOException {
        if (body == null) {
            return "";
        }
        List<String> missing = new ArrayList<>();
        try {
            JSON.readTree(body.readNBytes(BODY_BYTES_MAX)).path("missing").forEach(one -> missing.add(one.asText()));
        } catch (JsonProcessingException e) {
            return ""; // Not a broker of ours, or not any more.
        }
        return missing.isEmpty() ? "" : ": " + String.join(", ", missing);
    }

    /** Reads {@code ID,HOST:PORT[,PID]}. */
    static final class TargetConverter implements ITypeConverter<Target> {
        @Override
        public Target convert(String text) {
            String[] parts = text.split(",", -1);
            if (parts.length < 2 || parts.length > 3) {
                throw new TypeConversionException("'" + text + "' is not ID,HOST:PORT[,PID]");
            }
            try {
                Long pid = parts.length == 3 ? Long.valueOf(parts[2]) : null;
                return new Target(Integer.parseInt(parts[0]), HostPort.parse(parts[1]), pid);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("'" + text + "' is not ID,HOST:PORT[,PID]: " + e.getMessage());
            }
        }
    }
}
