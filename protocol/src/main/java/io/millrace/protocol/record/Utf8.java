package io.millrace.protocol.record;

/** UTF-8 straight into the batch: a record's size is needed before its bytes, and neither needs an array of its own. */
final class Utf8 {
    private Utf8() {}

    /** Whether each surrogate has its other half; only then can UTF-8 say it. */
    static boolean canEncode(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (Character.isSurrogate(c)) {
                if (Character.isLowSurrogate(c)
                        || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }

    /** The number of bytes of a text that {@link #canEncode} accepts; a long, since it can pass {@code 2^31}. */
    static long sizeOf(String text) {
        long size = text.length();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                // Each half of a surrogate pair counts for two of its four bytes.
                size += c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
            }
        }
        return size;
    }

    /** Writes a text that {@link #canEncode} accepts from {@code at} on and returns where it ends. */
    static int write(byte[] target, int at, String text) {
        int end = at;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                target[end++] = (byte) c;
            } else if (c < 0x800) {
                target[end++] = (byte) (0xc0 | c >> 6);
                target[end++] = continuation(c);
            } else if (!Character.isSurrogate(c)) {
                target[end++] = (byte) (0xe0 | c >> 12);
                target[end++] = continuation(c >> 6);
                target[end++] = continuation(c);
            } else {
                i++;
                int codePoint = Character.toCodePoint(c, text.charAt(i));
                target[end++] = (byte) (0xf0 | codePoint >> 18);
                target[end++] = continuation(codePoint >> 12);
                target[end++] = continuation(codePoint >> 6);
                target[end++] = continuation(codePoint);
            }
        }
        return end;
    }

    private static byte continuation(int bits) {
        return (byte) (0x80 | (bits & 0x3f));
    }
}
