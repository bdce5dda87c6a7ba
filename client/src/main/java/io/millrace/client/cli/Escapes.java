package io.millrace.client.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** {@code \n \t \r \0 \\ \xNN} in an option, which a shell hands on as they are. */
final class Escapes {
    private static final int HEX_DIGITS = 2;

    private Escapes() {}

    /**
     * The bytes that are meant; everything else is UTF-8.
     *
     * @throws CliException if a backslash is followed by something else
     */
    static byte[] unescape(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); ) {
            int codePoint = text.codePointAt(i);
            i += Character.charCount(codePoint);
            if (codePoint != '\\') {
                bytes.writeBytes(Character.toString(codePoint).getBytes(StandardCharsets.UTF_8));
            } else {
                i += unescapeAt(text, i, bytes);
            }
        }
        return bytes.toByteArray();
    }

    /** What follows a backslash; returns how many characters that is. */
    private static int unescapeAt(String text, int at, ByteArrayOutputStream bytes) {
        char escape = at < text.length() ? text.charAt(at) : ' ';
        switch (escape) {
            case 'n' -> bytes.write('\n');
            case 't' -> bytes.write('\t');
            case 'r' -> bytes.write('\r');
            case '0' -> bytes.write(0);
            case '\\' -> bytes.write('\\');
            case 'x' -> {
                String hex =
                        text.substring(Math.min(at + 1, text.length()), Math.min(at + 1 + HEX_DIGITS, text.length()));
                if (!hex.matches("[0-9a-fA-F]{2}")) {
                    throw new CliException("'" + text + "': \\x needs two hexadecimal digits");
                }
                bytes.write(Integer.parseInt(hex, 16));
                return 1 + HEX_DIGITS;
            }
            default -> throw new CliException("'" + text + "': after a backslash comes one of n t r 0 \\ xNN");
        }
        return 1;
    }
}
