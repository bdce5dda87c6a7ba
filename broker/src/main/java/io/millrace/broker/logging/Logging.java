package io.millrace.broker.logging;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeAndTimeBasedRollingPolicy;
import ch.qos.logback.core.util.FileSize;
import io.millrace.broker.config.BrokerSettings;
import java.nio.file.Path;
import java.util.Iterator;
import org.slf4j.LoggerFactory;

/** Sends the log where the settings say, in the form that they say. Before that, {@code logback.xml} has it on the console. */
public final class Logging {
    private static final long FILE_BYTES_MAX = 64L << 20;
    private static final long ALL_FILES_BYTES_MAX = 1L << 30;
    private static final int DAYS_KEPT = 14;

    private Logging() {}

    /** For a process that is this broker and nothing else. */
    public static void configure(BrokerSettings settings) {
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
            return; // Embedded in an application that logs in its own way.
        }
        boolean json = settings.logFormat() == BrokerSettings.LogFormat.JSON;
        if (json) {
            Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
            for (Iterator<Appender<ILoggingEvent>> appenders = root.iteratorForAppenders(); appenders.hasNext(); ) {
                if (appenders.next() instanceof ConsoleAppender<ILoggingEvent> console) {
                    console.setEncoder(started(new JsonLines(settings.brokerId()), context));
                }
            }
        }
        settings.logFile()
                .ifPresent(file ->
                        alsoTo(file, context, json ? new JsonLines(settings.brokerId()) : new PatternLayoutEncoder()));
    }

    /** A new file each day, and when one is too large; the old ones are kept for some time, and up to some size together. */
    private static void alsoTo(Path file, LoggerContext context, Encoder<ILoggingEvent> encoder) {
        RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
        appender.setContext(context);
        appender.setName("FILE");
        appender.setFile(file.toString());

        SizeAndTimeBasedRollingPolicy<ILoggingEvent> rolling = new SizeAndTimeBasedRollingPolicy<>();
        rolling.setContext(context);
        rolling.setParent(appender);
        rolling.setFileNamePattern(file + ".%d{yyyy-MM-dd}.%i");
        rolling.setMaxFileSize(new FileSize(FILE_BYTES_MAX));
        rolling.setMaxHistory(DAYS_KEPT);
        rolling.setTotalSizeCap(new FileSize(ALL_FILES_BYTES_MAX));
        rolling.start();

        if (encoder instanceof PatternLayoutEncoder text) {
            text.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} %msg%n");
        }
        appender.setRollingPolicy(rolling);
        appender.setEncoder(started(encoder, context));
        appender.start();
        if (appender.isStarted()) {
            context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(appender);
        } else {
            context.getLogger(Logging.class)
                    .warn("millrace.log-file: {} cannot be written, so nothing is logged there", file);
        }
    }

    private static Encoder<ILoggingEvent> started(Encoder<ILoggingEvent> encoder, LoggerContext context) {
        encoder.setContext(context);
        encoder.start();
        return encoder;
    }
}
