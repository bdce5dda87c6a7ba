package io.millrace.client;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What an application has a producer call.
 *
 * @param chooser null: by the key's hash as Kafka does it, and without a key one partition after the other
 * @param interceptors called in this order
 */
public record ProducerHooks(@Nullable PartitionChooser chooser, List<ProducerInterceptor> interceptors) {
    public static final ProducerHooks NONE = new ProducerHooks(null, List.of());

    /** Keeps a copy of the list. */
    public ProducerHooks {
        interceptors = List.copyOf(interceptors);
    }

    /** The same with this choice of partitions. */
    public ProducerHooks withChooser(PartitionChooser newChooser) {
        return new ProducerHooks(newChooser, interceptors);
    }

    /** The same with one interceptor more, as the last. */
    public ProducerHooks withInterceptor(ProducerInterceptor interceptor) {
        List<ProducerInterceptor> more = new ArrayList<>(interceptors);
        more.add(interceptor);
        return new ProducerHooks(chooser, more);
    }

    ProducerRecord beforeSend(ProducerRecord record) {
        ProducerRecord sent = record;
        for (ProducerInterceptor interceptor : interceptors) {
            sent = interceptor.beforeSend(sent);
        }
        return sent;
    }

    void afterSend(ProducerRecord record, CompletableFuture<RecordPosition> outcome) {
        for (ProducerInterceptor interceptor : interceptors) {
            Futures.then(
                    outcome,
                    position -> interceptor.afterSend(record, position, null),
                    failure -> interceptor.afterSend(record, null, failure));
        }
    }
}
