package io.millrace.partition.raft;

import io.millrace.partition.raft.Membership.Standing;
import java.util.Optional;

/** A change of one member, so that majorities before and after it always share a voter (§4.1). */
public sealed interface MembershipChange {
    NodeId node();

    /** Why this cannot be done to that membership, ever; empty if it can. */
    Optional<ChangeRefusal> refusal(Membership before);

    /** What it makes of a membership that does not refuse it. */
    Membership applyTo(Membership before);

    /** A newcomer receives the log, without a vote (§4.2.1). */
    record AddLearner(NodeId node) implements MembershipChange {
        @Override
        public Optional<ChangeRefusal> refusal(Membership before) {
            return refusedIf(before.contains(node), ChangeRefusal.UNCHANGED);
        }

        @Override
        public Membership applyTo(Membership before) {
            return before.with(node, Standing.LEARNER, 0);
        }
    }

    /** A learner that has caught up votes from now on. */
    record Promote(NodeId node) implements MembershipChange {
        @Override
        public Optional<ChangeRefusal> refusal(Membership before) {
            return before.contains(node)
                    ? refusedIf(before.isVoter(node), ChangeRefusal.UNCHANGED)
                    : Optional.of(ChangeRefusal.NOT_A_MEMBER);
        }

        @Override
        public Membership applyTo(Membership before) {
            return before.with(node, Standing.VOTER, before.incarnationOf(node));
        }
    }

    /** A voter stays as a learner. */
    record Demote(NodeId node) implements MembershipChange {
        @Override
        public Optional<ChangeRefusal> refusal(Membership before) {
            return before.contains(node)
                    ? refusedIf(before.has(node, Standing.LEARNER), ChangeRefusal.UNCHANGED)
                            .or(() -> refusedIf(isLastVoter(before, node), ChangeRefusal.LAST_VOTER))
                    : Optional.of(ChangeRefusal.NOT_A_MEMBER);
        }

        @Override
        public Membership applyTo(Membership before) {
            return before.with(node, Standing.LEARNER, before.incarnationOf(node));
        }
    }

    record Remove(NodeId node) implements MembershipChange {
        @Override
        public Optional<ChangeRefusal> refusal(Membership before) {
            return refusedIf(!before.contains(node), ChangeRefusal.UNCHANGED)
                    .or(() -> refusedIf(isLastVoter(before, node), ChangeRefusal.LAST_VOTER));
        }

        @Override
        public Membership applyTo(Membership before) {
            return before.without(node);
        }
    }

    /**
     * A member came back without what it had on its disk, or is allowed to give that up because it is damaged. It loses its
     * vote, and is known by its new incarnation from now on. Only leaders think of this.
     */
    record Readmit(NodeId node, long incarnation) implements MembershipChange {
        @Override
        public Optional<ChangeRefusal> refusal(Membership before) {
            return before.contains(node)
                    ? refusedIf(before.incarnationOf(node) == incarnation, ChangeRefusal.UNCHANGED)
                            .or(() -> refusedIf(isLastVoter(before, node), ChangeRefusal.LAST_VOTER))
                    : Optional.of(ChangeRefusal.NOT_A_MEMBER);
        }

        @Override
        public Membership applyTo(Membership before) {
            Standing standing = before.has(node, Standing.LEARNER) ? Standing.LEARNER : Standing.RETURNING;
            return before.with(node, standing, incarnation);
        }
    }

    private static boolean isLastVoter(Membership before, NodeId node) {
        return before.isVoter(node) && before.voters().size() == 1;
    }

    private static Optional<ChangeRefusal> refusedIf(boolean condition, ChangeRefusal reason) {
        return condition ? Optional.of(reason) : Optional.empty();
    }
}
