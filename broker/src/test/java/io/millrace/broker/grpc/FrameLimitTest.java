package io.millrace.broker.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpRequest;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import com.typesafe.config.ConfigFactory;
import io.millrace.broker.Failure;
import io.millrace.broker.FailureException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletionException;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class FrameLimitTest {
    private static final ActorTestKit KIT = ActorTestKit.create(
            ConfigFactory.parseString("akka.actor.provider = local").withFallback(ConfigFactory.load()));
    private static final int LIMIT = 1_000;
    private static final long SEED = 42;

    private final FrameLimit limit = new FrameLimit(LIMIT);
    private final RequestMemory memory = new RequestMemory(() -> 1 << 20, () -> 1 << 20);
    private final Random random = new Random(SEED);

    @AfterAll
    static void shutDown() {
        KIT.shutdownTestKit();
    }

    @Test
    void framesPassUnchangedHoweverTheyAreCut() {
        for (int i = 0; i < 200; i++) {
            ByteString frames = frame(0, bytes(random.nextInt(LIMIT + 1)))
                    .concat(frame(0, bytes(0)))
                    .concat(frame(0, bytes(random.nextInt(LIMIT + 1))));

            assertThat(read(request(cut(frames), false))).isEqualTo(frames);
        }
    }

    @Test
    void compressedFramesAreUnpackedHoweverTheyAreCut() throws IOException {
        byte[] first = bytes(LIMIT);
        byte[] second = bytes(10);
        ByteString sent = frame(1, gzip(first)).concat(frame(0, second)).concat(frame(1, gzip(second)));
        ByteString plain = frame(0, first).concat(frame(0, second)).concat(frame(0, second));
        FrameLimit roomy = new FrameLimit(LIMIT + 100); // gzip makes random bytes a little larger.

        for (int i = 0; i < 50; i++) {
            assertThat(read(roomy.applyTo(raw(cut(sent), true), memory.open("a"))))
                    .isEqualTo(plain);
        }
        assertThat(roomy.applyTo(raw(List.of(sent), true), memory.open("a")).getHeader("grpc-encoding"))
                .isEmpty();
    }

    @Test
    void aFrameOverTheLimitIsRefusedByItsHeader() {
        ByteString header = frame(0, bytes(LIMIT + 1)).take(5);

        assertTooLarge(request(List.of(header), false), LIMIT + 1);
        assertTooLarge(
                request(List.of(frame(0, bytes(3)).concat(header), ByteString.fromString("x")), false), LIMIT + 1);
    }

    @Test
    void lengthsOverTwoGigabytesAreNotNegative() {
        ByteString header = ByteString.fromInts(0, 0xff, 0xff, 0xff, 0xff);

        assertTooLarge(request(List.of(header), false), 0xffffffffL);
    }

    @Test
    void aFrameThatUnpacksToTooMuchIsRefused() throws IOException {
        ByteString bomb = frame(1, gzip(new byte[100_000]));
        assertThat(bomb.size()).isLessThan(LIMIT);

        assertTooLarge(request(List.of(bomb), true), LIMIT);
        assertTooLarge(request(cut(bomb), true), LIMIT);
    }

    @Test
    void whatIsNotGzipIsSaidToBeNot() {
        assertThatThrownBy(() -> read(request(List.of(frame(1, bytes(20))), true)))
                .satisfies(thrown -> assertThat(failureIn(thrown)).isInstanceOf(Failure.InvalidRequest.class));
    }

    @Test
    void aCallHoldsItsMessagesUntilItIsAnswered() throws IOException {
        for (boolean compressed : new boolean[] {false, true}) {
            RequestMemory.Hold hold = memory.open("a");
            ByteString frame = compressed ? frame(1, gzip(new byte[600])) : frame(0, bytes(600));
            read(limit.applyTo(raw(cut(frame), compressed), hold));

            assertThat(memory.bytes()).isBetween(600L, 700L);
            hold.answered();
            assertThat(memory.bytes()).isZero();
        }
    }

    @Test
    void aStreamThatIsAnsweredHoldsOnlyWhatIsNotComplete() {
        RequestMemory.Hold hold = memory.open("a");
        hold.answered();
        read(limit.applyTo(
                raw(cut(frame(0, bytes(600)).concat(frame(0, bytes(300)).take(200))), false), hold));

        assertThat(memory.bytes()).isZero();
    }

    @Test
    void aMessageThatEndsHalfwayLeavesNothing() {
        RequestMemory.Hold hold = memory.open("a");
        read(limit.applyTo(raw(cut(frame(0, bytes(600)).take(300)), false), hold));
        hold.answered();

        assertThat(memory.bytes()).isZero();
    }

    /** Nobody answers: what the broker has taken stays at the bound, however many push. */
    @Test
    void memoryStaysBoundedWithTwoHundredClientsPushingAtOnce() {
        RequestMemory small = new RequestMemory(() -> 3 * 900, () -> 20 * 900);
        List<RequestMemory.Hold> taken = new ArrayList<>();
        int refused = 0;
        for (int round = 0; round < 5; round++) {
            for (int client = 0; client < 200; client++) {
                RequestMemory.Hold hold = small.open("client-" + client);
                try {
                    read(limit.applyTo(raw(cut(frame(0, bytes(900))), false), hold));
                    taken.add(hold);
                } catch (CompletionException e) {
                    assertThat(failureIn(e)).isInstanceOf(Failure.Overloaded.class);
                    refused++;
                }
                assertThat(small.bytes()).isLessThanOrEqualTo(20 * 900);
            }
        }
        assertThat(taken).hasSize(20);
        assertThat(refused).isEqualTo(5 * 200 - 20);

        taken.forEach(RequestMemory.Hold::answered);
        assertThat(small.bytes()).isZero();
    }

    private void assertTooLarge(HttpRequest request, long sizeAtLeast) {
        assertThatThrownBy(() -> read(request)).satisfies(thrown -> assertThat(failureIn(thrown))
                .isInstanceOfSatisfying(Failure.MessageTooLarge.class, tooLarge -> {
                    assertThat(tooLarge.sizeBytes()).isGreaterThanOrEqualTo(sizeAtLeast);
                    assertThat(tooLarge.limitBytes()).isEqualTo(LIMIT);
                }));
    }

    private static Failure failureIn(Throwable thrown) {
        return ((FailureException) FailureException.unwrap(thrown)).failure();
    }

    private HttpRequest request(List<ByteString> chunks, boolean gzip) {
        return limit.applyTo(raw(chunks, gzip), memory.open("a"));
    }

    private static HttpRequest raw(List<ByteString> chunks, boolean gzip) {
        HttpRequest request = chunks.size() == 1
                ? HttpRequest.POST("/")
                        .withEntity(HttpEntities.create(ContentTypes.APPLICATION_OCTET_STREAM, chunks.get(0)))
                : HttpRequest.POST("/")
                        .withEntity(
                                HttpEntities.createChunked(ContentTypes.APPLICATION_OCTET_STREAM, Source.from(chunks)));
        return gzip
                ? request.addHeader(akka.http.javadsl.model.headers.RawHeader.create("grpc-encoding", "gzip"))
                : request;
    }

    private static ByteString read(HttpRequest request) throws CompletionException {
        return request.entity()
                .getDataBytes()
                .runFold(ByteString.emptyByteString(), ByteString::concat, KIT.system())
                .toCompletableFuture()
                .join();
    }

    /** In pieces of 1 to 300 bytes, and at least two. */
    private List<ByteString> cut(ByteString all) {
        List<ByteString> chunks = new ArrayList<>();
        ByteString rest = all;
        while (!rest.isEmpty()) {
            int size = Math.min(1 + random.nextInt(300), Math.max(1, rest.size() - (chunks.isEmpty() ? 1 : 0)));
            chunks.add(rest.take(size));
            rest = rest.drop(size);
        }
        return chunks;
    }

    private byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }

    private static ByteString frame(int flag, byte[] message) {
        byte[] header =
                ByteBuffer.allocate(5).put((byte) flag).putInt(message.length).array();
        return ByteString.fromArray(header).concat(ByteString.fromArray(message));
    }

    private static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(plain);
        }
        return out.toByteArray();
    }
}
