package io.millrace.partition.log;

import static io.millrace.partition.log.LogFixtures.following;
import static io.millrace.partition.log.LogFixtures.snapshotOf;
import static io.millrace.partition.log.LogFixtures.trim;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.raft.Entry;
import io.millrace.partition.raft.TermStart;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.Transformer;

/** Whatever is done to a log, it and a plain list that the same is done to are alike. */
class LogModelTest {
    private static final LogSettings SETTINGS = new LogSettings(1_500, 150, 512);

    /** The log, and what should be in it. */
    private static final class Subject {
        final SimulatedStorage storage = new SimulatedStorage();
        SegmentedLog log;
        List<Entry> model = new ArrayList<>();
        final EntryCache cache = new EntryCache(3_000, OffsetReader.recordBatches(), 0);
        long term = 1;

        Subject() {
            log = reopened(storage);
        }

        static SegmentedLog reopened(SimulatedStorage storage) {
            try {
                return LogFixtures.open(storage, SETTINGS);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        void check() throws IOException {
            long first = log.firstIndex();
            long last = log.lastPosition().index();
            assertThat(last).isEqualTo(model.size());
            assertThat(log.read(first, last, Integer.MAX_VALUE)).isEqualTo(model.subList((int) first - 1, (int) last));
            assertThat(log.segments().get(0).firstIndex()).isEqualTo(first);
            if (first > 1) {
                assertThat(log.startSnapshot()).contains(snapshotOf(model.subList(0, (int) first - 1)));
            }
            List<TermStart> starts = new ArrayList<>();
            long offset = 0;
            for (Entry entry : model) {
                long before = offset;
                offset = LogFixtures.nextOffset(entry, offset);
                if (entry.index() < first) {
                    continue;
                }
                if (starts.isEmpty() || starts.get(starts.size() - 1).term() != entry.term()) {
                    starts.add(new TermStart(entry.term(), entry.index()));
                }
                assertThat(log.nextOffsetAt(entry.index())).isEqualTo(offset);
                if (offset > before) {
                    assertThat(log.indexOfOffset(before)).isEqualTo(entry.index());
                    assertThat(log.indexOfOffset(offset - 1)).isEqualTo(entry.index());
                    cache.indexOfOffset(before)
                            .ifPresent(found -> assertThat(found).isEqualTo(entry.index()));
                }
                cache.read(entry.index(), last, 500).ifPresent(cached -> assertThat(cached)
                        .isEqualTo(model.subList((int) entry.index() - 1, (int) entry.index() - 1 + cached.size())));
            }
            assertThat(log.nextOffset()).isEqualTo(offset);
            assertThat(log.termStarts()).isEqualTo(starts);
        }
    }

    private interface Doing {
        void to(Subject subject) throws IOException;
    }

    private static Arbitrary<Transformer<Subject>> step(Arbitrary<Doing> doings, String name) {
        return doings.map(doing -> Transformer.mutate(name, subject -> {
            try {
                doing.to(subject);
                subject.check();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }));
    }

    private static Action.Independent<Subject> action(Arbitrary<Doing> doings, String name) {
        return () -> step(doings, name);
    }

    @Provide
    Arbitrary<ActionChain<Subject>> lives() {
        Arbitrary<Integer> small = Arbitraries.integers().between(0, 12);
        Arbitrary<Integer> bodies = Arbitraries.integers().between(0, 600);
        Arbitrary<Doing> append = net.jqwik.api.Combinators.combine(small, bodies, Arbitraries.of(0, 0, 1))
                .as((count, body, terms) -> subject -> {
                    subject.term += terms;
                    List<Entry> more = following(subject.model, count, subject.term, body);
                    subject.log.append(more);
                    subject.model.addAll(more);
                    subject.cache.append(more);
                });
        Arbitrary<Doing> truncate = small.map(back -> subject -> {
            int cut = Math.max((int) subject.log.firstIndex(), subject.model.size() + 1 - back);
            subject.log.truncateFrom(cut);
            subject.model = new ArrayList<>(subject.model.subList(0, Math.min(subject.model.size(), cut - 1)));
            subject.cache.truncateFrom(cut, subject.log.nextOffset());
        });
        Arbitrary<Doing> trim = small.map(keep -> subject -> trim(subject.log, subject.model.size() + 1L - keep));
        Arbitrary<Doing> sync = Arbitraries.just(
                subject -> assertThat(subject.log.sync().index()).isEqualTo(subject.model.size()));
        Arbitrary<Doing> reopen = Arbitraries.of(true, false).map(orderly -> subject -> {
            if (orderly) {
                subject.log.close();
            } else {
                subject.storage.kill();
            }
            subject.log = Subject.reopened(subject.storage);
        });
        Arbitrary<Doing> crash = Arbitraries.longs().map(seed -> subject -> {
            subject.log.sync();
            subject.storage.crash(new java.util.Random(seed));
            subject.log = Subject.reopened(subject.storage);
        });
        return ActionChain.startWith(Subject::new)
                .withAction(5, action(append, "append"))
                .withAction(2, action(truncate, "truncate"))
                .withAction(1, action(trim, "trim"))
                .withAction(1, action(sync, "sync"))
                .withAction(1, action(reopen, "reopen"))
                .withAction(1, action(crash, "sync and crash"))
                .withMaxTransformations(25);
    }

    @Property(tries = 300)
    void aLogIsAsGoodAsAList(@ForAll("lives") ActionChain<Subject> lives) {
        lives.run();
    }
}
