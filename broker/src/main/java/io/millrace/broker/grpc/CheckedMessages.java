package io.millrace.broker.grpc;

import io.millrace.broker.Failure;
import io.millrace.protocol.v1.ProduceResult;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** What the check of a request's messages has found, one after the other; a message is a plain record, or a whole batch. */
final class CheckedMessages {
    private sealed interface Checked {
        record Good(int recordCount, long timestampMillis) implements Checked {}

        record Bad(Failure failure) implements Checked {}
    }

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

    /** @param baseOffset of the first record that was written */
    List<ProduceResult> results(long baseOffset) {
        List<ProduceResult> results = new ArrayList<>(messages.size());
        long offset = baseOffset;
        for (Checked message : messages) {
            ProduceResult.Builder result = ProduceResult.newBuilder();
            if (message instanceof Checked.Good good) {
                result.setWritten(ProduceResult.Written.newBuilder()
                        .setOffset(offset)
                        .setTimestampMillis(good.timestampMillis()));
                offset += good.recordCount();
            } else if (message instanceof Checked.Bad bad) {
                result.setError(Statuses.inStream(bad.failure()));
            }
            results.add(result.build());
        }
        return results;
    }
}
