package io.millrace.broker.data;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whose data a directory holds; {@code broker.json} in it.
 *
 * @param formatVersion of the directory's layout
 * @param directoryId random; a broker that comes back with another one has lost its data
 * @param clusterId null until the broker was registered for the first time
 * @param registeredAt an entry of the metadata by which the directory was registered, and no replica placed on it before; null
 *     until then, and in directories that are older than this field
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record BrokerStamp(
        @JsonProperty(value = "formatVersion", required = true) int formatVersion,
        @JsonProperty(value = "brokerId", required = true) int brokerId,
        @JsonProperty(value = "directoryId", required = true) String directoryId,
        @JsonProperty(value = "clusterName", required = true) String clusterName,
        @JsonProperty("clusterId") @Nullable String clusterId,
        @JsonProperty("registeredAt") @Nullable Long registeredAt) {
    static final int FORMAT_VERSION = 1;

    static BrokerStamp first(int brokerId, String clusterName) {
        return new BrokerStamp(FORMAT_VERSION, brokerId, UUID.randomUUID().toString(), clusterName, null, null);
    }

    BrokerStamp registered(String id, long index) {
        return new BrokerStamp(formatVersion, brokerId, directoryId, clusterName, id, index);
    }
}
