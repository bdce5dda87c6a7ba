package io.millrace.broker.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class RequestMemoryTest {
    private final RequestMemory memory = new RequestMemory(() -> 100, () -> 150);

    @Test
    void aConnectionHasItsShareAndAllTogetherHaveTheirs() {
        RequestMemory.Hold first = memory.open("a");
        first.begins(60);
        first.completed();
        RequestMemory.Hold second = memory.open("a");
        assertOverloaded(() -> second.begins(41), 100);
        second.begins(40);
        RequestMemory.Hold other = memory.open("b");
        assertOverloaded(() -> other.begins(51), 150);
        other.begins(50);
        assertThat(memory.bytes()).isEqualTo(150);

        first.answered();
        memory.open("a").begins(60);
        assertThat(memory.bytes()).isEqualTo(150);
    }

    @Test
    void whatWasRefusedIsNotCounted() {
        RequestMemory.Hold hold = memory.open("a");
        assertOverloaded(() -> hold.begins(101), 100);
        hold.ended();
        hold.answered();
        assertThat(memory.bytes()).isZero();
        memory.open("a").begins(100);
    }

    @Test
    void manyThreadsNeverPassTheBoundAndLeaveNothing() throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(8);
        List<CompletableFuture<Void>> done = new ArrayList<>();
        for (int client = 0; client < 8; client++) {
            Random random = new Random(client);
            String connection = "client-" + client % 3;
            done.add(CompletableFuture.runAsync(
                    () -> {
                        for (int i = 0; i < 20_000; i++) {
                            RequestMemory.Hold hold = memory.open(connection);
                            try {
                                hold.begins(1 + random.nextInt(60));
                                if (random.nextBoolean()) {
                                    hold.completed();
                                }
                            } catch (FailureException e) {
                                assertThat(e.failure()).isInstanceOf(Failure.Overloaded.class);
                            }
                            assertThat(memory.bytes()).isBetween(0L, 150L);
                            hold.ended();
                            hold.answered();
                        }
                    },
                    clients));
        }
        CompletableFuture.allOf(done.toArray(CompletableFuture<?>[]::new)).get();
        clients.shutdown();
        assertThat(memory.bytes()).isZero();
        memory.open("client-0").begins(100);
    }

    private static void assertOverloaded(ThrowingCallable call, long limit) {
        assertThatThrownBy(call).isInstanceOfSatisfying(FailureException.class, thrown -> assertThat(thrown.failure())
                .isInstanceOfSatisfying(Failure.Overloaded.class, overloaded -> assertThat(overloaded.limitBytes())
                        .isEqualTo(limit)));
    }
}
