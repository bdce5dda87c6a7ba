package io.millrace.partition.journal;

import akka.persistence.AtomicWrite;
import akka.persistence.PersistentRepr;
import akka.persistence.journal.japi.AsyncWriteJournal;
import akka.serialization.Serialization;
import akka.serialization.SerializationExtension;
import com.typesafe.config.Config;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import scala.concurrent.Future;
import scala.jdk.javaapi.FutureConverters;

/**
 * A journal for Akka Persistence in one LevelDB, made for many actors that write seldom, but then all at once: a thousand
 * elections share a few forces instead of waiting for a thousand, one after the other (see {@link GroupCommit}).
 *
 * <p>Named as {@code akka.persistence.journal.plugin}; {@code dir} in its section says where. Akka makes it.
 */
public final class GroupCommitJournal extends AsyncWriteJournal {
    private final Serialization serialization;
    private final Executor blocking;
    private final LevelDb db;
    private final GroupCommit commits;

    /** @param config the plugin's section */
    public GroupCommitJournal(Config config) {
        File directory = new File(config.getString("dir"));
        this.serialization = SerializationExtension.get(context().system());
        this.blocking = context().system().dispatchers().lookup(config.getString("blocking-dispatcher"));
        try {
            this.db = LevelDb.open(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot open the journal in " + directory, e);
        }
        LongConsumer forced = context()
                .system()
                .settings()
                .setup()
                .get(JournalForces.class)
                .<LongConsumer>map(forces -> forces::took)
                .orElse(nanos -> {});
        this.commits = new GroupCommit(
                changes -> {
                    long begin = System.nanoTime();
                    db.write(changes);
                    forced.accept(System.nanoTime() - begin);
                },
                blocking);
    }

    @Override
    public void postStop() throws Exception {
        db.close();
        super.postStop();
    }

    /** An empty answer: all are written. */
    @Override
    public Future<Iterable<Optional<Exception>>> doAsyncWriteMessages(Iterable<AtomicWrite> writes) {
        List<Map.Entry<byte[], byte[]>> rows = new ArrayList<>();
        for (AtomicWrite write : writes) {
            JournalKey key = new JournalKey(write.persistenceId());
            for (PersistentRepr event : scala.jdk.javaapi.CollectionConverters.asJava(write.payload())) {
                rows.add(Map.entry(
                        key.at(event.sequenceNr()),
                        serialization.serialize(event).get()));
            }
        }
        CompletionStage<Iterable<Optional<Exception>>> written = commits.write(
                        batch -> rows.forEach(row -> batch.put(row.getKey(), row.getValue())))
                .thenApply(done -> List.of());
        return FutureConverters.asScala(written);
    }

    @Override
    public Future<Void> doAsyncDeleteMessagesTo(String persistenceId, long toSequenceNr) {
        JournalKey key = new JournalKey(persistenceId);
        return FutureConverters.asScala(commits.write(batch -> {
            long deleted = deletedUpTo(key);
            long last = Math.min(toSequenceNr, highestSequenceNr(key, deleted + 1));
            for (long sequenceNr = deleted + 1; sequenceNr <= last; sequenceNr++) {
                batch.delete(key.at(sequenceNr));
            }
            if (last > deleted) {
                batch.put(
                        key.deletedUpTo(),
                        ByteBuffer.allocate(Long.BYTES).putLong(last).array());
            }
        }));
    }

    @Override
    public Future<Void> doAsyncReplayMessages(
            String persistenceId,
            long fromSequenceNr,
            long toSequenceNr,
            long max,
            Consumer<PersistentRepr> replayCallback) {
        JournalKey key = new JournalKey(persistenceId);
        return FutureConverters.asScala(CompletableFuture.runAsync(
                () -> {
                    long[] left = {max};
                    scan(key, Math.max(1, fromSequenceNr), (sequenceNr, event) -> {
                        if (sequenceNr > toSequenceNr || left[0]-- <= 0) {
                            return false;
                        }
                        replayCallback.accept(serialization
                                .deserialize(event, PersistentRepr.class)
                                .get());
                        return true;
                    });
                },
                blocking));
    }

    @Override
    public Future<Long> doAsyncReadHighestSequenceNr(String persistenceId, long fromSequenceNr) {
        JournalKey key = new JournalKey(persistenceId);
        return FutureConverters.asScala(
                CompletableFuture.supplyAsync(() -> highestSequenceNr(key, Math.max(1, fromSequenceNr)), blocking));
    }

    private long highestSequenceNr(JournalKey key, long from) {
        long[] highest = {deletedUpTo(key)};
        scan(key, from, (sequenceNr, event) -> {
            highest[0] = sequenceNr;
            return true;
        });
        return highest[0];
    }

    private long deletedUpTo(JournalKey key) {
        byte[] value = db.get(key.deletedUpTo());
        return value == null ? 0 : ByteBuffer.wrap(value).getLong();
    }

    private interface Visitor {
        /** @return whether to go on */
        boolean visit(long sequenceNr, byte[] event);
    }

    private void scan(JournalKey key, long from, Visitor visitor) {
        db.scan(
                key.at(from),
                row -> key.isOf(row.getKey()) && visitor.visit(key.sequenceNrOf(row.getKey()), row.getValue()));
    }
}
