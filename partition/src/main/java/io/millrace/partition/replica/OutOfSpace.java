package io.millrace.partition.replica;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tells a full disk, which may have room again, from a disk that fails. */
public final class OutOfSpace {
    /** The operating system's words for ENOSPC and EDQUOT; neither Java nor LevelDB give the number. */
    private static final List<String> WORDS = List.of("No space left on device", "Disk quota exceeded");

    private OutOfSpace() {}

    static boolean isIn(@Nullable Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (isSaidBy(String.valueOf(each.getMessage()))) {
                return true;
            }
        }
        return false;
    }

    /** The same, of a problem that was put into words. */
    public static boolean isSaidBy(String problem) {
        return WORDS.stream().anyMatch(problem::contains);
    }
}
