package io.millrace.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import com.typesafe.config.ConfigFactory;
import io.millrace.controller.ControllerCommand;
import io.millrace.controller.ControllerReply;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The controller is a probe that does not always answer. */
class TopicChangesTest {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final Duration ASK_AGAIN_AFTER = Duration.ofSeconds(5);

    private static final ActorTestKit akka = ActorTestKit.create(ManualTime.config()
            .withFallback(ConfigFactory.parseString("akka.actor.provider = local"))
            .withFallback(ConfigFactory.load()));
    private final ManualTime time = ManualTime.get(akka.system());
    private final TestProbe<ControllerCommand> controller = akka.createTestProbe();
    private final TopicChanges changes = new TopicChanges(akka.system(), controller.getRef(), ASK_AGAIN_AFTER);

    @AfterAll
    static void stop() {
        akka.shutdownTestKit();
    }

    @Test
    void aQuestionThatDiedWithItsControllerIsAskedAgain() {
        CompletableFuture<Void> deleted = changes.delete("orders", LONG).toCompletableFuture();
        next(); // lost
        time.timePasses(ASK_AGAIN_AFTER);

        next().replyTo().tell(new ControllerReply.TopicDeleted("orders", 7, 8));

        assertThat(deleted).succeedsWithin(LONG);
    }

    @Test
    void aTopicThatIsGoneWhenItIsAskedAgainMayHaveBeenDeletedByTheFirstQuestion() {
        CompletableFuture<Void> deleted = changes.delete("orders", LONG).toCompletableFuture();
        next(); // done, but its answer is lost
        time.timePasses(ASK_AGAIN_AFTER);

        next().replyTo().tell(new ControllerReply.UnknownTopic("orders"));

        assertThatThrownBy(deleted::join)
                .hasRootCauseInstanceOf(FailureException.class)
                .rootCause()
                .isInstanceOfSatisfying(FailureException.class, e -> assertThat(e.failure())
                        .isInstanceOf(Failure.OutcomeUnknown.class));
    }

    @Test
    void theAnswerToTheFirstQuestionIsTakenAsItIs() {
        CompletableFuture<Void> deleted = changes.delete("orders", LONG).toCompletableFuture();

        next().replyTo().tell(new ControllerReply.UnknownTopic("orders"));

        assertThatThrownBy(deleted::join).rootCause().isInstanceOfSatisfying(FailureException.class, e -> assertThat(
                        e.failure())
                .isInstanceOf(Failure.UnknownTopic.class));
    }

    @Test
    void aNextControllerThatCannotAnswerYetIsAskedAgain() {
        CompletableFuture<Void> deleted = changes.delete("orders", LONG).toCompletableFuture();
        next(); // done, but its answer is lost
        time.timePasses(ASK_AGAIN_AFTER);
        next().replyTo().tell(new ControllerReply.Unavailable("just taking over"));
        time.timePasses(ASK_AGAIN_AFTER);

        next().replyTo().tell(new ControllerReply.TopicDeleted("orders", 7, 8));

        assertThat(deleted).succeedsWithin(LONG);
    }

    @Test
    void ifThereIsNoOtherAnswerTheOutcomeIsUnknown() {
        CompletableFuture<Void> deleted = changes.delete("orders", LONG).toCompletableFuture();
        next(); // perhaps done
        time.timePasses(ASK_AGAIN_AFTER);
        next().replyTo().tell(new ControllerReply.Unavailable("just taking over"));
        time.timePasses(LONG);

        assertThatThrownBy(deleted::join).rootCause().isInstanceOfSatisfying(FailureException.class, e -> assertThat(
                        e.failure())
                .isInstanceOf(Failure.OutcomeUnknown.class));
    }

    @Test
    void aControllerThatCannotAnswerTheFirstQuestionSurelyDidNothing() {
        CompletableFuture<Void> deleted = changes.delete("orders", LONG).toCompletableFuture();

        next().replyTo().tell(new ControllerReply.Unavailable("no majority"));

        assertThatThrownBy(deleted::join).rootCause().isInstanceOfSatisfying(FailureException.class, e -> assertThat(
                        e.failure())
                .isInstanceOf(Failure.ControllerUnavailable.class));
    }

    private ControllerCommand.DeleteTopic next() {
        return controller.expectMessageClass(ControllerCommand.DeleteTopic.class, LONG);
    }
}
