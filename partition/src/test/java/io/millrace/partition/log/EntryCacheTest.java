package io.millrace.partition.log;

import static io.millrace.partition.log.LogFixtures.following;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.partition.raft.Entry;
import java.util.List;
import org.junit.jupiter.api.Test;

class EntryCacheTest {
    private final List<Entry> entries = following(List.of(), 50, 1, 39); // 100 bytes each, but for no-ops

    @Test
    void keepsTheMostRecentEntriesWithinItsBytes() {
        EntryCache cache = new EntryCache(2_000, OffsetReader.recordBatches(), 0);
        cache.append(entries);
        assertThat(cache.sizeBytes()).isLessThanOrEqualTo(2_000);
        assertThat(cache.read(1, 50, 1_000)).isEmpty();
        assertThat(cache.read(51, 51, 1_000)).isEmpty();
        assertThat(cache.read(48, 99, 100_000)).contains(entries.subList(47, 50));
        assertThat(cache.read(50, 50, 0)).contains(entries.subList(49, 50));
    }

    @Test
    void findsByOffsetWhatItHoldsAndNothingElse() {
        EntryCache cache = new EntryCache(2_000, OffsetReader.recordBatches(), 0);
        cache.append(entries);
        long offset = 0;
        boolean cachedBefore = false;
        for (Entry entry : entries) {
            long next = LogFixtures.nextOffset(entry, offset);
            for (; offset < next; offset++) {
                boolean cached = cache.read(entry.index(), entry.index(), 1).isPresent();
                assertThat(cache.indexOfOffset(offset).isPresent()).isEqualTo(cached);
                cache.indexOfOffset(offset).ifPresent(found -> assertThat(found).isEqualTo(entry.index()));
                assertThat(cached || !cachedBefore).isTrue();
                cachedBefore = cached;
            }
            assertThat(cache.nextOffsetAt(entry.index()).orElse(next)).isEqualTo(next);
        }
        assertThat(cache.indexOfOffset(offset)).isEmpty();
    }

    @Test
    void truncatesAndGoesOn() {
        EntryCache cache = new EntryCache(100_000, OffsetReader.recordBatches(), 0);
        cache.append(entries);
        List<Entry> kept = entries.subList(0, 20);
        long offset = 0;
        for (Entry entry : kept) {
            offset = LogFixtures.nextOffset(entry, offset);
        }
        cache.truncateFrom(21, offset);
        List<Entry> more = following(kept, 5, 2, 10);
        cache.append(more);
        assertThat(cache.read(21, 99, 100_000)).contains(more);
        cache.shrinkTo(0);
        assertThat(cache.sizeBytes()).isZero();
        assertThat(cache.read(25, 25, 1)).isEmpty();
        cache.append(following(
                java.util.stream.Stream.concat(kept.stream(), more.stream()).toList(), 1, 2, 10));
        assertThat(cache.read(26, 26, 1)).isPresent();
    }

    @Test
    void anEntryLargerThanTheCacheIsNotKept() {
        EntryCache cache = new EntryCache(50, OffsetReader.recordBatches(), 0);
        cache.append(entries);
        assertThat(cache.sizeBytes()).isZero();
    }

    @Test
    void keepsWhatItMustWhateverItCosts() {
        EntryCache cache = new EntryCache(150, OffsetReader.recordBatches(), 0);
        cache.keepFrom(1);
        cache.append(entries);
        assertThat(cache.read(1, 50, 100_000)).contains(entries);
        cache.keepFrom(48);
        assertThat(cache.firstIndex()).hasValue(48);
        cache.keepFrom(51);
        assertThat(cache.sizeBytes()).isLessThanOrEqualTo(150);
    }

    @Test
    void theFirstRecordTellsAnUnknownOffset() {
        EntryCache cache = new EntryCache(100_000, OffsetReader.recordBatches(), 0);
        cache.truncateFrom(4, EntryCache.UNKNOWN);
        cache.append(List.of(LogFixtures.noop(4, 2)));
        assertThat(cache.read(4, 4, 1)).contains(List.of(LogFixtures.noop(4, 2)));
        assertThat(cache.nextOffsetAt(4)).isEmpty();
        assertThat(cache.indexOfOffset(0)).isEmpty();
        cache.append(List.of(LogFixtures.data(5, 2, 10, 3, 39)));
        assertThat(cache.nextOffsetAt(4)).hasValue(10);
        assertThat(cache.indexOfOffset(9)).isEmpty();
        assertThat(cache.indexOfOffset(12)).hasValue(5);
    }
}
