package io.millrace.samples;

import io.millrace.testkit.EmbeddedCluster;
import io.millrace.testkit.MillraceExtension;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each of them ends with an exception if it finds something that is not as it should be. */
@ExtendWith(MillraceExtension.class)
class SamplesTest {
    interface Main {
        void run(String... args);
    }

    static Stream<Main> samples() {
        return Stream.of(
                QuickstartSample::main,
                BatchSample::main,
                CallbackSample::main,
                PartitionersSample::main,
                IdempotentRetrySample::main,
                HighThroughputSample::main,
                ConsumerSample::main,
                ReplaySample::main,
                FollowerReadSample::main,
                WorkerPoolSample::main,
                GroupSample::main,
                SeveralGroupsSample::main,
                DynamicSubscribeSample::main,
                ManualCommitSample::main);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void doesWhatItSays(Main sample, EmbeddedCluster cluster) {
        sample.run(cluster.bootstrap());
        sample.run(cluster.bootstrap()); // on what the first run left
    }
}
