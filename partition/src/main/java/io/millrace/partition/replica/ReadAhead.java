package io.millrace.partition.replica;

import io.millrace.partition.raft.Entry;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * What those who go through old entries will ask for next, read from disk while they are busy with what came before. All replicas of one
 * broker share a number of places, each for what one fetch may take. A place that nobody comes back to is given away only after others have
 * asked for it many times, so that more readers than places do not read everything twice.
 *
 * <p>Thread-safe.
 */
final class ReadAhead {
    /** Enough to keep a fast disk busy; 16 MiB with the usual size of an answer. */
    static final int PLACES = 16;

    /** So often, for each place, others are turned away before the oldest has to go. */
    private static final int TURNED_AWAY_MAX = 4;

    /** What will be asked for, of one log. */
    private record Key(CachedLog log, long offset) {}

    private record Place(CompletionStage<List<Entry>> entries, long since) {}

    private final int places;
    private final Map<Key, Place> taken = new LinkedHashMap<>();
    private long asked;

    /** @param places 0: nothing is read ahead */
    ReadAhead(int places) {
        this.places = places;
    }

    /** What was read, or is being read, from this offset on; it is here no more then. */
    synchronized Optional<CompletionStage<List<Entry>>> take(CachedLog log, long offset) {
        return Optional.ofNullable(taken.remove(new Key(log, offset))).map(Place::entries);
    }

    /** Begins to read, if there is room. */
    synchronized void begin(CachedLog log, long offset, Supplier<CompletionStage<List<Entry>>> read) {
        asked++;
        if (taken.size() >= places && !removeForgotten()) {
            return;
        }
        taken.computeIfAbsent(new Key(log, offset), key -> new Place(read.get(), asked));
    }

    private boolean removeForgotten() {
        Iterator<Place> oldest = taken.values().iterator();
        if (!oldest.hasNext() || asked - oldest.next().since() < (long) TURNED_AWAY_MAX * places) {
            return false;
        }
        oldest.remove();
        return true;
    }
}
