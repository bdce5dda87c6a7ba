package io.millrace.broker.config;

import java.util.OptionalInt;
import java.util.Set;

/** The cluster roles that brokers have. */
public final class Roles {
    /** Of the brokers that vote on metadata; the controller runs on one of them. */
    public static final String METADATA_VOTER = "metadata-voter";

    private static final String BROKER_PREFIX = "broker-";

    private Roles() {}

    public static String broker(int brokerId) {
        return BROKER_PREFIX + brokerId;
    }

    /** Which broker has these roles; empty if none has. */
    public static OptionalInt brokerIn(Set<String> roles) {
        for (String role : roles) {
            if (role.matches(BROKER_PREFIX + "[0-9]{1,9}")) {
                return OptionalInt.of(Integer.parseInt(role.substring(BROKER_PREFIX.length())));
            }
        }
        return OptionalInt.empty();
    }
}
