package io.millrace.partition.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.ActorRef;
import akka.actor.ActorSystem;
import akka.persistence.AtomicWrite;
import akka.persistence.JournalProtocol;
import akka.persistence.Persistence;
import akka.persistence.PersistentImpl;
import akka.persistence.PersistentRepr;
import akka.testkit.javadsl.TestKit;
import com.typesafe.config.ConfigFactory;
import io.millrace.partition.replica.OutOfSpace;
import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.CollectionConverters;

class GroupCommitJournalTest {
    private static final String OURS = "millrace.journal";
    private static final String AKKAS = "akka.persistence.journal.inmem";

    /** A journal, asked as Akka's persistent actors ask. */
    private static final class Asked {
        private final TestKit probe;
        private final ActorRef journal;

        Asked(ActorSystem system, String plugin) {
            this.probe = new TestKit(system);
            this.journal = Persistence.get(system).journalFor(plugin, ConfigFactory.empty());
        }

        void write(String id, long firstSequenceNr, int count) {
            List<PersistentRepr> events = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                long sequenceNr = firstSequenceNr + i;
                events.add(new PersistentImpl(
                        id + " " + sequenceNr,
                        sequenceNr,
                        id,
                        "",
                        false,
                        ActorRef.noSender(),
                        "writer",
                        0,
                        scala.Option.empty()));
            }
            AtomicWrite write =
                    new AtomicWrite(CollectionConverters.asScala(events).toSeq());
            journal.tell(
                    new JournalProtocol.WriteMessages(
                            CollectionConverters.asScala(List.<akka.persistence.PersistentEnvelope>of(write))
                                    .toSeq(),
                            probe.getRef(),
                            1),
                    probe.getRef());
            probe.expectMsgClass(JournalProtocol.WriteMessagesSuccessful$.class);
            for (int i = 0; i < count; i++) {
                probe.expectMsgClass(JournalProtocol.WriteMessageSuccess.class);
            }
        }

        void deleteUpTo(String id, long sequenceNr) {
            journal.tell(new JournalProtocol.DeleteMessagesTo(id, sequenceNr, probe.getRef()), probe.getRef());
            probe.expectMsgClass(akka.persistence.DeleteMessagesSuccess.class);
        }

        /** What is replayed, and at last the highest sequence number. */
        List<String> replay(String id, long from, long to, long max) {
            journal.tell(new JournalProtocol.ReplayMessages(from, to, max, id, probe.getRef()), probe.getRef());
            List<String> heard = new ArrayList<>();
            while (true) {
                Object message = probe.expectMsgClass(Duration.ofSeconds(30), JournalProtocol.Response.class);
                if (message instanceof JournalProtocol.ReplayedMessage replayed) {
                    heard.add(String.valueOf(replayed.persistent().payload()));
                } else if (message instanceof JournalProtocol.RecoverySuccess success) {
                    heard.add("highest " + success.highestSequenceNr());
                    return heard;
                } else {
                    throw new AssertionError(message);
                }
            }
        }
    }

    private static ActorSystem system(File directory) {
        return ActorSystem.create(
                "journal",
                ConfigFactory.parseString("millrace.journal.dir = \"" + directory + "\"")
                        .withFallback(ConfigFactory.load()));
    }

    /** Random writes, deletions and replays, and a restart of ours between: the same answers as from Akka's. */
    @Test
    void itAnswersAsAkkasOwnJournalDoes(@TempDir File directory) {
        Random random = new Random(20261121);
        List<String> ids = List.of("raft|a", "raft|b", "raft|ab");
        long[] last = new long[ids.size()];
        ActorSystem akkas = system(new File(directory, "unused"));
        Asked oracle = new Asked(akkas, AKKAS);
        try {
            for (int round = 0; round < 5; round++) {
                ActorSystem system = system(new File(directory, "journal"));
                Asked ours = new Asked(system, OURS);
                for (int step = 0; step < 60; step++) {
                    int which = random.nextInt(ids.size());
                    String id = ids.get(which);
                    int action = random.nextInt(4);
                    if (action < 2) {
                        int count = 1 + random.nextInt(3);
                        oracle.write(id, last[which] + 1, count);
                        ours.write(id, last[which] + 1, count);
                        last[which] += count;
                    } else if (action == 2 && last[which] > 0) {
                        long to = 1 + random.nextLong(last[which]);
                        oracle.deleteUpTo(id, to);
                        ours.deleteUpTo(id, to);
                    }
                    long from = random.nextLong(last[which] + 1);
                    long to = random.nextBoolean() ? Long.MAX_VALUE : from + random.nextInt(4);
                    long max = random.nextBoolean() ? Long.MAX_VALUE : random.nextInt(4);
                    assertThat(ours.replay(id, from, to, max))
                            .as("round %s step %s: %s from %s to %s, %s at most", round, step, id, from, to, max)
                            .isEqualTo(oracle.replay(id, from, to, max));
                }
                TestKit.shutdownActorSystem(system);
            }
        } finally {
            TestKit.shutdownActorSystem(akkas);
        }
    }

    /** LevelDB itself would end the process. */
    @Test
    void nothingIsWrittenToADiskThatIsAboutToBeFull(@TempDir File directory) throws IOException {
        AtomicLong free = new AtomicLong(JournalRoom.BYTES_MIN);
        byte[] key = {1};
        try (LevelDb db = LevelDb.open(directory, free::get)) {
            db.write(batch -> batch.put(key, new byte[] {1}));
            free.decrementAndGet();
            assertThatThrownBy(() -> db.write(batch -> batch.put(key, new byte[] {2})))
                    .satisfies(full -> assertThat(OutOfSpace.isSaidBy(String.valueOf(full.getMessage())))
                            .isTrue());
            assertThat(db.get(key)).containsExactly(1);
        }
    }

    @Test
    void anIdThatBeginsLikeAnotherHasEventsOfItsOwn(@TempDir File directory) throws IOException {
        try (LevelDb db = LevelDb.open(directory)) {
            for (String id : List.of("orders-1", "orders-10", "orders-1\0")) {
                db.write(batch -> batch.put(new JournalKey(id).at(1), new byte[0]));
            }
            AtomicInteger found = new AtomicInteger();
            JournalKey key = new JournalKey("orders-1");
            db.scan(key.at(0), row -> {
                if (key.isOf(row.getKey())) {
                    found.incrementAndGet();
                }
                return true;
            });
            assertThat(found).hasValue(1);
        }
    }
}
