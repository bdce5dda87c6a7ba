package io.millrace.partition.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.iq80.leveldb.WriteBatch;
import org.junit.jupiter.api.Test;

@SuppressWarnings("FutureReturnValueIgnored") // Some writes are only there for the others.
class GroupCommitTest {
    /** Work waits until the test runs it. */
    private final ArrayDeque<Runnable> work = new ArrayDeque<>();

    private final List<List<String>> forced = new ArrayList<>();
    private List<String> group = List.of();
    private boolean diskFails;

    private final GroupCommit commits = new GroupCommit(this::force, work::add);

    @SuppressWarnings("NullAway") // No batch is needed: changes only say that they were asked.
    private void force(Consumer<WriteBatch> content) {
        group = new ArrayList<>();
        content.accept(null);
        if (diskFails) {
            throw new IllegalStateException("the disk fails");
        }
        forced.add(group);
    }

    private CompletableFuture<Void> write(String name) {
        return commits.write(batch -> group.add(name)).toCompletableFuture();
    }

    @Test
    void whatWaitsSharesAForceInTheOrderOfItsArrival() {
        CompletableFuture<Void> first = write("a");
        CompletableFuture<Void> second = write("b");
        write("c");
        assertThat(work).as("one run for all").hasSize(1);
        assertThat(second).isNotDone();
        work.remove().run();
        assertThat(forced).containsExactly(List.of("a", "b", "c"));
        assertThat(first).isCompleted();
        assertThat(second).isCompleted();
    }

    @Test
    void whatComesDuringAForceGoesWithTheNextOfTheSameRun() {
        assertThat(commits.write(batch -> {
                    group.add("a");
                    write("b");
                    write("c");
                }))
                .isNotNull();
        work.remove().run();
        assertThat(forced).containsExactly(List.of("a"), List.of("b", "c"));
        assertThat(work).isEmpty();
        write("d");
        assertThat(work).as("a new run after the end of the first").hasSize(1);
    }

    @Test
    void afterAFailureNothingIsWrittenAnyMore() {
        diskFails = true;
        CompletableFuture<Void> failed = write("a");
        work.remove().run();
        assertThat(failed).isCompletedExceptionally();
        diskFails = false;
        CompletableFuture<Void> later = write("b");
        work.remove().run();
        assertThat(later).isCompletedExceptionally();
        assertThat(forced).isEmpty();
    }
}
