package io.millrace.benchmarks.cluster;

/** What can be measured. */
enum PeerSystem {
    MILLRACE("millrace", ServersKind.MILLRACE, "fsync on a majority before it acknowledges"),
    KAFKA("kafka", ServersKind.KAFKA, "acks=all, idempotent; the operating system writes to disk when it likes"),
    KAFKA_FLUSHED("kafka-flushed", ServersKind.KAFKA, "the same with flush.messages=1: fsync after each append"),
    NATS("nats", ServersKind.NATS, "JetStream, file storage, 3 replicas; fsync every two minutes");

    /** Which processes serve it: two systems may be two ways to use the same servers. */
    enum ServersKind {
        MILLRACE,
        KAFKA,
        NATS
    }

    final String label;
    final ServersKind servers;
    final String durability;

    PeerSystem(String label, ServersKind servers, String durability) {
        this.label = label;
        this.servers = servers;
        this.durability = durability;
    }

    @Override
    public String toString() {
        return label;
    }
}
