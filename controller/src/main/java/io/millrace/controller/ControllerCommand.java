package io.millrace.controller;

import akka.actor.typed.ActorRef;
import io.millrace.controller.balance.BrokerLoad;
import io.millrace.controller.metadata.BrokerRegistration;
import io.millrace.controller.metadata.BrokerState;
import io.millrace.controller.metadata.MetadataCommand;
import io.millrace.partition.replica.ControlMessage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What any broker asks of the {@link Controller}. Each is answered by one {@link ControllerReply}, at the latest
 * {@code timeoutMillis} after it arrived, unless the controller's broker dies first: then nothing is known of it, and
 * the asker's own time limit must speak.
 */
public sealed interface ControllerCommand extends ControlMessage {

    /** One that changes the metadata. */
    sealed interface Request extends ControllerCommand {
        long timeoutMillis();

        ActorRef<ControllerReply> replyTo();
    }

    /**
     * Answers: {@link ControllerReply.TopicCreated}, {@link ControllerReply.InvalidTopicName},
     * {@link ControllerReply.InvalidPartitions}, {@link ControllerReply.InvalidReplicationFactor},
     * {@link ControllerReply.InvalidAssignment}, {@link ControllerReply.InvalidTopicSettings}, {@link ControllerReply.TopicExists},
     * {@link ControllerReply.Unavailable}, {@link ControllerReply.OutcomeUnknown}.
     *
     * @param partitions 0: as many as the assignment has
     * @param replicationFactor 0: the assignment's; without one the usual, or as many as there are brokers
     * @param assignment the brokers that shall hold each partition, the preferred leader first; none: the controller chooses
     * @param settings of its own; see {@link io.millrace.controller.metadata.TopicSettings}
     */
    record CreateTopic(
            String name,
            int partitions,
            int replicationFactor,
            List<List<Integer>> assignment,
            Map<String, String> settings,
            long timeoutMillis,
            ActorRef<ControllerReply> replyTo)
            implements Request {
        public CreateTopic {
            assignment = assignment.stream().map(List::copyOf).toList();
            settings = Map.copyOf(settings);
        }
    }

    /**
     * Answers: {@link ControllerReply.TopicAltered}, also if nothing had to be changed, {@link ControllerReply.UnknownTopic},
     * {@link ControllerReply.InvalidTopicSettings}, {@link ControllerReply.InvalidRequest}, {@link ControllerReply.InvalidPartitions},
     * {@link ControllerReply.InvalidReplicationFactor}, {@link ControllerReply.InvalidAssignment}, {@link ControllerReply.Unavailable},
     * {@link ControllerReply.OutcomeUnknown}.
     *
     * @param settings to be other than they are
     * @param reset settings to be the default again
     * @param partitions how many there shall be; 0: as many as there are
     * @param assignment the brokers that shall hold each partition that is added; none: the controller chooses
     */
    record AlterTopic(
            String name,
            Map<String, String> settings,
            List<String> reset,
            int partitions,
            List<List<Integer>> assignment,
            long timeoutMillis,
            ActorRef<ControllerReply> replyTo)
            implements Request {
        public AlterTopic {
            settings = Map.copyOf(settings);
            reset = List.copyOf(reset);
            assignment = assignment.stream().map(List::copyOf).toList();
        }
    }

    /**
     * Answers: {@link ControllerReply.TopicDeleted}, {@link ControllerReply.UnknownTopic},
     * {@link ControllerReply.Unavailable}, {@link ControllerReply.OutcomeUnknown}.
     */
    record DeleteTopic(String name, long timeoutMillis, ActorRef<ControllerReply> replyTo) implements Request {}

    /**
     * A broker needs producer ids to give away. Answers: {@link ControllerReply.ProducerIdsAllocated},
     * {@link ControllerReply.Unavailable}, {@link ControllerReply.OutcomeUnknown} (then ask again: ids may be lost, but
     * never given twice).
     */
    record AllocateProducerIds(int brokerId, long timeoutMillis, ActorRef<ControllerReply> replyTo)
            implements Request {}

    /**
     * A broker introduces itself, at each start. Answers: {@link ControllerReply.BrokerRegistered},
     * {@link ControllerReply.InvalidRequest}, {@link ControllerReply.WrongCluster},
     * {@link ControllerReply.BrokerIdTaken}, {@link ControllerReply.Unavailable},
     * {@link ControllerReply.OutcomeUnknown}.
     *
     * @param clusterId the cluster that its data belongs to; empty if it has none yet
     * @param memberAddress its own, by {@link BrokerLiveness#addressOf}
     */
    record RegisterBroker(
            Optional<String> clusterId,
            String memberAddress,
            BrokerRegistration broker,
            long timeoutMillis,
            ActorRef<ControllerReply> replyTo)
            implements Request {}

    /** What a broker leads, every few seconds. Not answered. */
    record ReportLoad(BrokerLoad load) implements ControllerCommand {}

    /**
     * Get a partition led by that broker. Answers: {@link ControllerReply.LeaderTransferred}, {@link ControllerReply.LeaderNotTransferred},
     * {@link ControllerReply.UnknownTopic}, {@link ControllerReply.UnknownPartition}, {@link ControllerReply.UnknownBroker},
     * {@link ControllerReply.Unavailable}.
     */
    record TransferLeader(String topic, int partition, int brokerId, ActorRef<ControllerReply> replyTo)
            implements ControllerCommand {}

    /**
     * Make leaders as even as they can be. Answers: {@link ControllerReply.LeadersPlanned}, at once,
     * {@link ControllerReply.Unavailable}.
     *
     * @param dryRun only tell what would be done
     */
    record RebalanceLeaders(boolean dryRun, ActorRef<ControllerReply> replyTo) implements ControllerCommand {}

    /**
     * Make what brokers carry in replicas as even as it can be, by moves that go on for as long as it takes. Answers: {@link
     * ControllerReply.ReplicasPlanned}, {@link ControllerReply.Unavailable}, {@link ControllerReply.OutcomeUnknown}.
     */
    record RebalanceReplicas(Mode mode, long timeoutMillis, ActorRef<ControllerReply> replyTo) implements Request {
        public enum Mode {
            BEGIN,
            /** Only tell what would be done, at once. */
            DRY_RUN,
            /** Begin nothing more, and undo what is under way. */
            STOP
        }
    }

    /**
     * Partitions are to be on other brokers. Answers: {@link ControllerReply.MovePlan}, {@link ControllerReply.UnknownTopic},
     * {@link ControllerReply.UnknownPartition}, {@link ControllerReply.UnknownBroker}, {@link ControllerReply.Refused},
     * {@link ControllerReply.Unavailable}, {@link ControllerReply.OutcomeUnknown}.
     *
     * @param dryRun only say what would be moved
     */
    record ReassignPartitions(
            List<Destination> destinations, boolean dryRun, long timeoutMillis, ActorRef<ControllerReply> replyTo)
            implements Request {
        public ReassignPartitions {
            destinations = List.copyOf(destinations);
        }
    }

    /** @param brokers that shall hold it, the preferred leader first; none: those that do, and what is under way is undone */
    record Destination(String topic, int partition, List<Integer> brokers) {
        public Destination {
            brokers = List.copyOf(brokers);
        }
    }

    /**
     * A broker is to be drained, or not any more. Answers: {@link ControllerReply.MovePlan}, {@link ControllerReply.UnknownBroker},
     * {@link ControllerReply.Refused}, {@link ControllerReply.Unavailable}, {@link ControllerReply.OutcomeUnknown}.
     *
     * @param dryRun only say what would be moved
     */
    record SetBrokerState(
            int brokerId, BrokerState state, boolean dryRun, long timeoutMillis, ActorRef<ControllerReply> replyTo)
            implements Request {}

    /**
     * A broker that is drained and stopped leaves for good. Answers: {@link ControllerReply.Changed},
     * {@link ControllerReply.UnknownBroker}, {@link ControllerReply.Refused}, {@link ControllerReply.Unavailable},
     * {@link ControllerReply.OutcomeUnknown}.
     */
    record UnregisterBroker(int brokerId, long timeoutMillis, ActorRef<ControllerReply> replyTo) implements Request {}

    /**
     * Settings of one broker, or of all, that change while they run. Answers: {@link ControllerReply.Changed}, of so many brokers,
     * {@link ControllerReply.UnknownBroker}, {@link ControllerReply.InvalidBrokerSettings}, {@link ControllerReply.Unavailable},
     * {@link ControllerReply.OutcomeUnknown}.
     *
     * @param brokerId whose; empty: of all that have none of their own
     * @param settings to be other than they are, by their keys below {@code millrace}
     * @param reset settings that are not to be given any more
     */
    record AlterBrokerSettings(
            OptionalInt brokerId,
            Map<String, String> settings,
            List<String> reset,
            long timeoutMillis,
            ActorRef<ControllerReply> replyTo)
            implements Request {
        public AlterBrokerSettings {
            settings = Map.copyOf(settings);
            reset = List.copyOf(reset);
        }
    }

    /**
     * The replicas of a broker that lead these partitions say that they are where they were to go. Answers:
     * {@link ControllerReply.Changed}, {@link ControllerReply.Unavailable}, {@link ControllerReply.OutcomeUnknown}.
     */
    record CompleteReassignments(
            List<MetadataCommand.PartitionReassigned> partitions, long timeoutMillis, ActorRef<ControllerReply> replyTo)
            implements Request {
        public CompleteReassignments {
            partitions = List.copyOf(partitions);
        }
    }

    /** Answered by {@link ControllerReply.Description}, at once. */
    record DescribeController(ActorRef<ControllerReply> replyTo) implements ControllerCommand {}

    /** The singleton moves to another broker: answer everybody and end. */
    enum Stop implements ControllerCommand {
        INSTANCE
    }

    /** Only the actor says these to itself. */
    non-sealed interface Internal extends ControllerCommand {}
}
