package io.millrace.partition.replica;

import io.millrace.partition.raft.Input;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** When a member stands for election: when not too many groups of its broker do so; the metadata's at once, as others may wait for what it decides. */
final class CampaignTurn {
    /** The member hears that its turn has come. */
    enum Came implements RaftCommand.Internal {
        INSTANCE
    }

    private final Campaigns.Turn turn;
    private final boolean waits;
    private final long lengthMillis;

    /** What it does when its turn comes; null while it does not wait for that. */
    private @Nullable Input campaign;

    private boolean hasTurn;
    private long endsMillis;

    /**
     * @param waits whether it has to wait for its turn
     * @param lengthMillis who hears nothing for so long lets others go on
     */
    CampaignTurn(Campaigns.Turn turn, boolean waits, long lengthMillis) {
        this.turn = turn;
        this.waits = waits;
        this.lengthMillis = lengthMillis;
    }

    /** What to do now: this, or nothing before its turn has come. What it had a turn for before was in vain. */
    Optional<Input> ask(Input how, long nowMillis) {
        if (!waits) {
            return Optional.of(how);
        } else if (campaign != null) {
            return Optional.empty();
        }
        campaign = how;
        hasTurn = false;
        return turn.ask() ? came(nowMillis) : Optional.empty();
    }

    /** What to do now that its turn has come. If there is a leader meanwhile, nothing happens. */
    Optional<Input> came(long nowMillis) {
        Optional<Input> due = Optional.ofNullable(campaign);
        if (due.isPresent()) {
            campaign = null;
            hasTurn = true;
            endsMillis = nowMillis + lengthMillis;
        }
        return due;
    }

    void endIfOver(boolean isElecting, long nowMillis) {
        if (hasTurn && (!isElecting || nowMillis >= endsMillis)) {
            hasTurn = false;
            turn.end();
        }
    }

    /** The member stops. */
    void end() {
        turn.end();
    }
}
