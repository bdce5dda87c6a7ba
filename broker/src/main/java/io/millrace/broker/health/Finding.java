package io.millrace.broker.health;

/**
 * One thing that is wrong now.
 *
 * @param subject what it is wrong with: a partition, a broker, a replica
 * @param detail figures, for people; may be another each time
 */
public record Finding(Problem problem, String subject, String detail) {}
