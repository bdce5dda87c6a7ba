package io.millrace.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.NumericChars;
import net.jqwik.api.constraints.StringLength;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.internals.Topic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentifiersTest {
    @Property(tries = 500)
    void aTopicNameIsValidIfKafkaSaysSo(
            @ForAll @StringLength(max = 4) @Chars({'a', 'Z', '9', '.', '_', '-', ' ', '/', 'ä'}) String name) {
        assertThat(TopicName.problemWith(name).isEmpty()).isEqualTo(kafkaAccepts(name));
    }

    @Test
    void aTopicNameHasAtMost249Characters() {
        assertThat(TopicName.problemWith("x".repeat(249))).isEmpty();
        assertThat(TopicName.problemWith("x".repeat(250)))
                .contains("a topic name has at most 249 characters, this one has 250");
        assertThat(kafkaAccepts("x".repeat(249))).isTrue();
        assertThat(kafkaAccepts("x".repeat(250))).isFalse();
    }

    @Test
    void theProblemWithATopicNameIsSaidPrecisely() {
        assertThat(TopicName.problemWith("")).contains("a topic name must not be empty");
        assertThat(TopicName.problemWith("..")).contains("a topic must not be named '.' or '..'");
        assertThat(TopicName.problemWith("a/b"))
                .contains("a topic name consists of ASCII letters, digits, '.', '_' and '-', not '/' at index 1");
        assertThat(TopicName.problemWith("a\u001bb"))
                .contains("a topic name consists of ASCII letters, digits, '.', '_' and '-', not U+001B at index 1");
        assertThat(TopicName.problemWith("\uD83D\uDE00"))
                .contains("a topic name consists of ASCII letters, digits, '.', '_' and '-', not U+1F600 at index 0");
    }

    @Test
    void onlyTheSystemCreatesInternalTopics() {
        assertThat(TopicName.problemWith("__metadata")).isEmpty();
        assertThat(TopicName.isInternal("__metadata")).isTrue();
        assertThat(TopicName.problemWithCreating("__metadata"))
                .contains("topic names that begin with '__' are reserved: '__metadata'");
        assertThat(TopicName.problemWithCreating("_metadata")).isEmpty();
        assertThat(TopicName.problemWithCreating("")).contains("a topic name must not be empty");
    }

    @Property(tries = 300)
    void aTopicPartitionIsReadBackFromItsText(
            @ForAll @AlphaChars @NumericChars @Chars({'.', '_', '-'}) @StringLength(min = 3, max = 20) String topic,
            @ForAll @IntRange(min = 0) int partition) {
        TopicPartition written = new TopicPartition(topic.replace("...", "abc"), partition);
        assertThat(TopicPartition.parse(written.toString())).isEqualTo(written);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "orders",
                "orders-",
                "-0",
                "orders-00",
                "orders-01",
                "orders-+1",
                "orders-2147483648",
                "orders-99999999999999999999",
                "a b-0",
                "..-0"
            })
    void whatIsNotATopicPartitionIsNotReadAsOne(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> TopicPartition.parse(text));
    }

    @Test
    void topicPartitionsAreOrderedByTopicThenByNumber() {
        assertThat(new TopicPartition("orders", 0)).hasToString("orders-0");
        assertThat(new TopicPartition("a", 10)).isLessThan(new TopicPartition("b", 2));
        assertThat(new TopicPartition("a", 2)).isLessThan(new TopicPartition("a", 10));
        assertThatIllegalArgumentException().isThrownBy(() -> new TopicPartition("a", -1));
        assertThatIllegalArgumentException().isThrownBy(() -> new TopicPartition("a/b", 0));
    }

    @Test
    void aBrokerIdIsANumberFromZeroOn() {
        assertThat(new BrokerId(2)).hasToString("2").isLessThan(new BrokerId(10));
        assertThatIllegalArgumentException().isThrownBy(() -> new BrokerId(-1));
    }

    private static boolean kafkaAccepts(String name) {
        try {
            Topic.validate(name);
            return true;
        } catch (InvalidTopicException e) {
            return false;
        }
    }
}
