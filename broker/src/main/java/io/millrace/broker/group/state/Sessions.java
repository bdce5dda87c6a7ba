package io.millrace.broker.group.state;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;

/**
 * Which members live, by one coordinator's monotonic clock. It is not in the log: after a change of coordinators all begin anew, so
 * that members live longer by that, and never shorter.
 */
final class Sessions {
    record Key(String group, String memberId) {}

    private record Due(long atMillis, Key key) {}

    private static final long NEVER = Long.MAX_VALUE;

    private static final class Session {
        long expiresMillis;
        long revokedMillis = NEVER;
        /** The highest that the member has shown: what comes with a lower one was overtaken. */
        long seenEpoch;

        Due due(Key key) {
            return new Due(Math.min(expiresMillis, revokedMillis), key);
        }
    }

    private final Map<Key, Session> sessions = new HashMap<>();
    private final TreeSet<Due> byTime = new TreeSet<>(Comparator.comparingLong(Due::atMillis)
            .thenComparing(due -> due.key().group())
            .thenComparing(due -> due.key().memberId()));

    /** The member lives, until then at least. */
    void heard(Key key, long untilMillis) {
        change(key, session -> session.expiresMillis = untilMillis);
    }

    void seen(Key key, long epoch) {
        change(key, session -> session.seenEpoch = Math.max(session.seenEpoch, epoch));
    }

    long seenEpoch(Key key) {
        return Optional.ofNullable(sessions.get(key))
                .map(session -> session.seenEpoch)
                .orElse(0L);
    }

    /** The member has to let go of something. */
    void revokes(Key key, long untilMillis) {
        change(key, session -> session.revokedMillis = untilMillis);
    }

    /** It has heard of that. */
    void knowsOfRevoking(Key key, long untilMillis) {
        change(
                key,
                session -> session.revokedMillis =
                        session.revokedMillis == NEVER ? NEVER : Math.min(session.revokedMillis, untilMillis));
    }

    /** It has let go of everything. */
    void hasRevoked(Key key) {
        change(key, session -> session.revokedMillis = NEVER);
    }

    void end(Key key) {
        Session session = sessions.remove(key);
        if (session != null) {
            byTime.remove(session.due(key));
        }
    }

    boolean isExpired(Key key, long nowMillis) {
        return Optional.ofNullable(sessions.get(key))
                .filter(session -> session.expiresMillis <= nowMillis)
                .isPresent();
    }

    /** Somebody whose time is over, in one way or the other. */
    Optional<Key> due(long nowMillis) {
        return byTime.isEmpty() || byTime.first().atMillis() > nowMillis
                ? Optional.empty()
                : Optional.of(byTime.first().key());
    }

    OptionalLong nextMillis() {
        return byTime.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(byTime.first().atMillis());
    }

    private void change(Key key, java.util.function.Consumer<Session> change) {
        Session session = sessions.computeIfAbsent(key, k -> new Session());
        byTime.remove(session.due(key));
        change.accept(session);
        byTime.add(session.due(key));
    }
}
