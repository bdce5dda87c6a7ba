package io.millrace.broker.grpc;

import io.millrace.broker.Failure;
import io.millrace.partition.state.DuplicateRecord;
import io.millrace.protocol.v1.ProduceResult;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;

/** What the check of a request's messages has found, one after the other; a message is a plain record, or a whole batch. */
final class CheckedMessages {
    private sealed interface Checked {
        record Good(int recordCount, long timestampMillis) implements Checked {}

        record Bad(Failure failure) implements Checked {}
    }

    /** Behind all others. */
    private static final DuplicateRecord NONE = new DuplicateRecord(Integer.MAX_VALUE, -1);

    private final List<Checked> messages = new ArrayList<>();
    private int recordCount;

    void good(int records, long timestampMillis) {
        recordCount = Math.addExact(recordCount, records);
        messages.add(new Checked.Good(records, timestampMillis));
    }

    void bad(Failure failure) {
        messages.add(new Checked.Bad(failure));
    }

    /** In all good messages together. */
    int recordCount() {
        return recordCount;
    }

    /** @throws io.millrace.broker.FailureException with all that are bad, if there are any */
    void requireAllGood() {
        TreeMap<Integer, Failure> bad = new TreeMap<>();
        for (int i = 0; i < messages.size(); i++) {
            if (messages.get(i) instanceof Checked.Bad found) {
                bad.put(i, found.failure());
            }
        }
        if (!bad.isEmpty()) {
            throw new Failure.MessagesRejected(bad).asException();
        }
    }

    /**
     * One for each message.
     *
     * @param baseOffset of the first record that was written
     * @param duplicates in the order of their places among the records of good messages
     */
    List<ProduceResult> results(long baseOffset, List<DuplicateRecord> duplicates) {
        List<ProduceResult> results = new ArrayList<>(messages.size());
        Iterator<DuplicateRecord> left = duplicates.iterator();
        DuplicateRecord next = left.hasNext() ? left.next() : NONE;
        long offset = baseOffset;
        int place = 0;
        for (Checked message : messages) {
            ProduceResult.Builder result = ProduceResult.newBuilder();
            if (message instanceof Checked.Good good) {
                long first = next.place() == place ? next.offset() : offset;
                int end = place + good.recordCount();
                int found = 0;
                for (; next.place() < end; next = left.hasNext() ? left.next() : NONE) {
                    found++;
                }
                result.setWritten(ProduceResult.Written.newBuilder()
                        .setOffset(first)
                        .setTimestampMillis(good.timestampMillis())
                        .setDuplicate(found == good.recordCount()));
                offset += good.recordCount() - found;
                place = end;
            } else if (message instanceof Checked.Bad bad) {
                result.setError(Statuses.inStream(bad.failure()));
            }
            results.add(result.build());
        }
        return results;
    }
}
