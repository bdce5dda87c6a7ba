package io.millrace.controller;

/** What came of something, in a few words, for the log and for people who ask; an assignment of thousands of partitions is not among them. */
final class ReplyWords {
    private ReplyWords() {}

    static String of(ControllerReply reply) {
        if (reply instanceof ControllerReply.TopicCreated created) {
            return "created with id " + created.topic().id() + ", replication factor "
                    + created.topic().replicationFactor();
        } else if (reply instanceof ControllerReply.TopicAltered altered) {
            return "altered: partitions " + altered.topic().partitionCount() + ", settings "
                    + altered.topic().settings();
        } else if (reply instanceof ControllerReply.TopicDeleted deleted) {
            return "deleted, id " + deleted.topicId();
        } else if (reply instanceof ControllerReply.BrokerRegistered registered) {
            return "registered in cluster " + registered.clusterId();
        } else if (reply instanceof ControllerReply.ProducerIdsAllocated ids) {
            return "ids " + ids.firstId() + " to " + (ids.firstId() + ids.count() - 1);
        } else if (reply instanceof ControllerReply.Changed changed) {
            return "done, " + changed.count() + " changed";
        } else if (reply instanceof ControllerReply.Plan plan) {
            return DecisionLog.describe(plan.moves());
        } else if (reply instanceof ControllerReply.LeadersPlanned planned) {
            return planned.moves().size() + " leaders to be moved";
        } else if (reply instanceof ControllerReply.LeaderTransferred done) {
            return done.topic() + "-" + done.partition() + " is led by broker " + done.brokerId();
        } else if (reply instanceof ControllerReply.Description description) {
            return description.phase() + " in epoch " + description.epoch();
        } else if (reply instanceof ControllerReply.Unavailable not) {
            return "not done: " + not.problem();
        } else if (reply instanceof ControllerReply.OutcomeUnknown) {
            return "perhaps done, perhaps not";
        }
        return "refused: " + whyRefused(reply);
    }

    private static String whyRefused(ControllerReply reply) {
        if (reply instanceof ControllerReply.Refused r) {
            return r.problem();
        } else if (reply instanceof ControllerReply.LeaderNotTransferred r) {
            return "broker " + r.brokerId() + " does not lead " + r.topic() + "-" + r.partition() + ": "
                    + r.why().text();
        } else if (reply instanceof ControllerReply.InvalidTopicName r) {
            return "the name '" + r.name() + "' " + r.problem();
        } else if (reply instanceof ControllerReply.InvalidPartitions r) {
            return r.partitions() + " partitions, of " + r.limit() + " at most";
        } else if (reply instanceof ControllerReply.InvalidReplicationFactor r) {
            return "replication factor " + r.replicationFactor() + ", and " + r.brokers()
                    + " brokers could take a replica";
        } else if (reply instanceof ControllerReply.InvalidTopicSettings r) {
            return r.problem();
        } else if (reply instanceof ControllerReply.InvalidAssignment r) {
            return r.problem();
        } else if (reply instanceof ControllerReply.InvalidBrokerSettings r) {
            return r.problem();
        } else if (reply instanceof ControllerReply.InvalidRequest r) {
            return r.problem();
        } else if (reply instanceof ControllerReply.TopicExists r) {
            return "topic " + r.name() + " exists";
        } else if (reply instanceof ControllerReply.UnknownTopic r) {
            return "there is no topic " + r.name();
        } else if (reply instanceof ControllerReply.UnknownPartition r) {
            return "there is no " + r.topic() + "-" + r.partition() + ": it has " + r.partitions() + " partitions";
        } else if (reply instanceof ControllerReply.UnknownBroker r) {
            return "there is no broker " + r.brokerId();
        } else if (reply instanceof ControllerReply.WrongCluster r) {
            return "this is cluster " + r.expected() + ", not " + r.actual();
        } else if (reply instanceof ControllerReply.BrokerIdTaken r) {
            return "broker id " + r.brokerId() + " is used at " + r.by();
        }
        throw new IllegalStateException("no words for " + reply);
    }

    /** Of what was not applied. */
    static String of(ProposalOutcome outcome) {
        if (outcome instanceof ProposalOutcome.NoLeader) {
            return "nobody leads the metadata";
        } else if (outcome instanceof ProposalOutcome.Overloaded overloaded) {
            return overloaded.limit() + " changes of the metadata wait already";
        } else if (outcome instanceof ProposalOutcome.ReplicaFailed failed) {
            return "the replica of the metadata has failed: " + failed.problem();
        } else if (outcome instanceof ProposalOutcome.OutcomeUnknown) {
            return "the metadata has lost its leader: perhaps done, perhaps not";
        }
        throw new IllegalStateException("no words for " + outcome);
    }
}
