package io.millrace.partition.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.StringLength;

class ReplicaIdTest {
    @Property
    void anEntityIdNamesOneReplica(
            @ForAll @CharRange(from = 'a', to = 'e') @Chars({'-', '.', '_', '0'}) @StringLength(min = 1, max = 8)
                    String topic,
            @ForAll @LongRange(min = 0) long topicId,
            @ForAll @IntRange(min = 0) int partition,
            @ForAll @IntRange(min = 0) int broker) {
        ReplicaId id = new ReplicaId(topic, topicId, partition, broker);
        assertThat(ReplicaId.parse(id.entityId())).isEqualTo(id);
        assertThat(id.group()).doesNotContain("/", "@");
    }

    @net.jqwik.api.Example
    void anythingElseIsRefused() {
        for (String bad : new String[] {"", "a", "a-1", "a-1~2", "a-1@2", "a~1@2", "a-x~1@2"}) {
            assertThatThrownBy(() -> ReplicaId.parse(bad)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
