package io.millrace.partition.raft;

/** What becomes of an {@link Input.ReadIndex}. */
public sealed interface ReadOutcome {
    /**
     * Whoever has applied everything up to here may answer: at some moment since the question, nothing later was committed.
     */
    record Ready(long index) implements ReadOutcome {}

    /** Not answered; a read changes nothing, so it may be asked again anywhere. */
    record Refused(Reason reason) implements ReadOutcome {}

    /** The code is what the wire carries: never renumber. */
    enum Reason {
        /** No leader is known here. */
        NO_LEADER(1),
        /** Who was asked leads no more, or never did. */
        NOT_LEADER(2),
        /** The leader did not answer in time. */
        NO_ANSWER(3),
        /** As many reads wait as may. */
        OVERLOADED(4);

        private final byte code;

        Reason(int code) {
            this.code = (byte) code;
        }

        public byte code() {
            return code;
        }

        /**
         * The reason that has this code.
         *
         * @throws IllegalArgumentException for a code that none has
         */
        public static Reason ofCode(byte code) {
            for (Reason reason : values()) {
                if (reason.code == code) {
                    return reason;
                }
            }
            throw new IllegalArgumentException("no refusal has code " + code);
        }
    }
}
