package io.millrace.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

class PartitionerTest {
    @Property
    void theHashIsKafkas(@ForAll @Size(max = 70) byte[] key) {
        assertThat(Partitioner.murmur2(Bytes.wrap(key))).isEqualTo(Utils.murmur2(key));
    }

    @Property
    void aKeyGoesWhereKafkasProducerSendsIt(@ForAll byte[] key, @ForAll @IntRange(min = 1) int partitions) {
        assertThat(Partitioner.forKey(Bytes.wrap(key), partitions))
                .isEqualTo(BuiltInPartitioner.partitionForKey(key, partitions))
                .isBetween(0, partitions - 1);
    }

    @Property(tries = 200)
    void onlyTheKeyCountsAndNotWhatIsAroundIt(@ForAll @Size(min = 4, max = 40) byte[] array) {
        Bytes slice = Bytes.wrap(array).slice(3, array.length - 1);
        assertThat(Partitioner.murmur2(slice)).isEqualTo(Utils.murmur2(slice.toByteArray()));
    }

    @Test
    void thereMustBeAPartition() {
        assertThatIllegalArgumentException().isThrownBy(() -> Partitioner.forKey(Bytes.EMPTY, 0));
    }
}
