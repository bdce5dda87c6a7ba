package io.millrace.partition.replica;

import java.util.OptionalInt;
import java.util.Set;

/** The Akka Cluster role, {@code broker-<id>}, by which members know which of them is which broker. */
public final class BrokerRole {
    private static final String PREFIX = "broker-";

    private BrokerRole() {}

    public static String of(int brokerId) {
        return PREFIX + brokerId;
    }

    /** Which broker has these roles; empty if none has. */
    public static OptionalInt brokerIn(Set<String> roles) {
        for (String role : roles) {
            if (role.matches(PREFIX + "[0-9]{1,9}")) {
                return OptionalInt.of(Integer.parseInt(role.substring(PREFIX.length())));
            }
        }
        return OptionalInt.empty();
    }
}
