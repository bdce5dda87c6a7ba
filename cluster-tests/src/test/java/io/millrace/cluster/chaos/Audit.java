package io.millrace.cluster.chaos;

import io.millrace.protocol.Bytes;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Goes over a partition from its first record to its last and compares with what its producer sent. Each partition has one
 * producer, which sends one value after the other, so order is a matter of one list.
 */
final class Audit {
    private static final int EXAMPLES_MAX = 10;

    private final Sent sent;
    private final BitSet seen = new BitSet();
    private final BitSet seenWhereAcknowledged = new BitSet();
    private final List<String> problems = new ArrayList<>();
    private long nextOffset;
    private int records;
    private int changed;

    Audit(Sent sent) {
        this.sent = sent;
    }

    /**
     * @param unacknowledged there though nobody was told so: allowed
     * @param duplicates copies beyond the first: the producers are idempotent and send no value a second time
     * @param problems examples, in words; empty if all is well
     */
    record Findings(
            int records,
            int unacknowledged,
            int duplicates,
            int lost,
            int changed,
            int reordered,
            List<String> problems) {
        boolean isWell() {
            return lost == 0 && duplicates == 0 && changed == 0 && reordered == 0 && problems.isEmpty();
        }
    }

    /** The next record. */
    void read(long offset, @Nullable Bytes value) {
        if (offset != nextOffset) {
            problem("offset " + offset + " follows " + (nextOffset - 1));
        }
        nextOffset = offset + 1;
        records++;
        int number = sent.numberOf(value);
        if (number < 0) {
            changed++;
            problem("the record at offset " + offset + " is not one that was sent");
            return;
        }
        seen.set(number);
        if (sent.offsetOf(number).equals(OptionalLong.of(offset))) {
            seenWhereAcknowledged.set(number);
        }
    }

    Findings finish() {
        int lost = 0;
        int reordered = 0;
        long last = -1;
        for (int number = 0; number < sent.count(); number++) {
            OptionalLong offset = sent.offsetOf(number);
            if (offset.isEmpty()) {
                continue;
            }
            if (!seenWhereAcknowledged.get(number)) {
                lost++;
                problem("value " + number + " was acknowledged at offset " + offset.getAsLong() + " and is not there"
                        + (seen.get(number) ? ", but elsewhere" : ", nor anywhere"));
            }
            if (offset.getAsLong() <= last) {
                reordered++;
                problem("value " + number + " was acknowledged at offset " + offset.getAsLong() + ", an earlier one at "
                        + last);
            }
            last = Math.max(last, offset.getAsLong());
        }
        BitSet unacknowledged = (BitSet) seen.clone();
        unacknowledged.andNot(seenWhereAcknowledged);
        return new Findings(
                records,
                unacknowledged.cardinality(),
                records - changed - seen.cardinality(),
                lost,
                changed,
                reordered,
                List.copyOf(problems));
    }

    private void problem(String what) {
        if (problems.size() < EXAMPLES_MAX) {
            problems.add(what);
        }
    }
}
