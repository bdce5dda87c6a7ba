package io.millrace.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class BytesTest {
    private static final byte[] ARRAY = {0, 1, 2, 3, 4, 5};

    @Property(tries = 200)
    void aSliceIsTheSameAsACopyOfTheRange(@ForAll @Size(max = 40) byte[] array, @ForAll int a, @ForAll int b) {
        int from = Math.floorMod(a, array.length + 1);
        int to = from + Math.floorMod(b, array.length - from + 1);
        byte[] copy = Arrays.copyOfRange(array, from, to);

        Bytes slice = Bytes.wrap(array).slice(from, to);

        assertThat(slice).isEqualTo(Bytes.wrap(copy)).hasSameHashCodeAs(Bytes.wrap(copy));
        assertThat(slice.toByteArray()).isEqualTo(copy);
        assertThat(slice.size()).isEqualTo(copy.length);
        assertThat(slice.isEmpty()).isEqualTo(copy.length == 0);
        assertThat(slice.asByteBuffer()).isEqualTo(ByteBuffer.wrap(copy));
        for (int i = 0; i < copy.length; i++) {
            assertThat(slice.byteAt(i)).isEqualTo(copy[i]);
        }
    }

    @Test
    void differentContentIsNotEqual() {
        assertThat(Bytes.wrap(ARRAY)).isNotEqualTo(Bytes.wrap(ARRAY, 0, 5)).isNotEqualTo(Bytes.utf8("abcdef"));
    }

    @Test
    void nothingOutsideOfTheRangeCanBeReached() {
        Bytes slice = Bytes.wrap(ARRAY, 2, 2);
        assertThatThrownBy(() -> slice.byteAt(2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slice.byteAt(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slice.slice(1, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slice.slice(2, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Bytes.wrap(ARRAY, 5, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Bytes.wrap(ARRAY, 1, Integer.MAX_VALUE)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(slice.asByteBuffer().capacity()).isEqualTo(2);
        assertThat(slice.asByteBuffer().isReadOnly()).isTrue();
    }

    @Test
    void aBufferOfAnyKindIsWrappedFromItsPositionOn() {
        ByteBuffer heap = ByteBuffer.wrap(ARRAY, 1, 4).slice().position(1);
        ByteBuffer direct = ByteBuffer.allocateDirect(3).put(ARRAY, 2, 3).flip();
        for (ByteBuffer buffer : new ByteBuffer[] {heap, heap.asReadOnlyBuffer(), direct}) {
            int position = buffer.position();
            assertThat(Bytes.wrap(buffer)).isEqualTo(Bytes.wrap(ARRAY, 2, 3));
            assertThat(buffer.position()).isEqualTo(position);
        }
        assertThat(Bytes.wrap(heap).unsafeArray()).isSameAs(ARRAY);
    }

    @Test
    void textGoesInAndOutAsUtf8() {
        assertThat(Bytes.utf8("mühle €\uD83D\uDE00").toUtf8()).isEqualTo("mühle €\uD83D\uDE00");
        assertThat(Bytes.utf8("ü").toByteArray()).isEqualTo("ü".getBytes(StandardCharsets.UTF_8));
        assertThat(Bytes.wrap(new byte[] {(byte) 0xff, 'a'}).toUtf8()).isEqualTo("\ufffda");
    }

    @Test
    void copiesToAPlaceThatHasRoom() {
        byte[] target = new byte[4];
        Bytes.wrap(ARRAY, 4, 2).copyTo(target, 1);
        assertThat(target).containsExactly(0, 4, 5, 0);
        assertThatThrownBy(() -> Bytes.wrap(ARRAY).copyTo(target, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void showsItsSizeAndOnlyItsFirstBytes() {
        assertThat(Bytes.EMPTY).hasToString("0 bytes");
        assertThat(Bytes.wrap(new byte[] {1, (byte) 0xab})).hasToString("2 bytes 01ab");
        assertThat(Bytes.wrap(new byte[1000])).hasToString("1000 bytes 00000000000000000000000000000000…");
    }
}
