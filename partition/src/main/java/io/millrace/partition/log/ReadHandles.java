package io.millrace.partition.log;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A few open files for readers, the longest unused closed first. Apart from the writer's file, because the JDK closes a
 * channel under everybody when one thread is interrupted while it reads. The lock is never held during I/O. Files are
 * known by their {@link Segment} object: the name of a deleted segment may be used again.
 */
final class ReadHandles {
    private static final int OPEN_MAX = 4;

    private final Storage storage;
    private final Map<Segment, Handle> handles = new LinkedHashMap<>(2, 0.75f, true);

    ReadHandles(Storage storage) {
        this.storage = storage;
    }

    /** A use of an open file; the file closes when it is retired and the last use ends. */
    static final class Handle {
        private final StorageFile file;
        private int uses = 1;
        private boolean retired;

        private Handle(StorageFile file) {
            this.file = file;
        }

        StorageFile file() {
            return file;
        }
    }

    Handle acquire(Segment segment) throws IOException {
        synchronized (handles) {
            Handle open = handles.get(segment);
            if (open != null) {
                open.uses++;
                return open;
            }
        }
        Handle opened = new Handle(storage.open(segment.fileName()));
        List<StorageFile> toClose = new ArrayList<>(1);
        synchronized (handles) {
            Handle rival = handles.put(segment, opened); // another thread may have been faster: the latest stays
            if (rival != null) {
                retire(rival, toClose);
            }
            if (handles.size() > OPEN_MAX) {
                Segment eldest = handles.keySet().iterator().next();
                Handle evicted = handles.remove(eldest);
                if (evicted != null) {
                    retire(evicted, toClose);
                }
            }
        }
        closeAll(toClose);
        return opened;
    }

    void release(Handle handle) throws IOException {
        boolean close;
        synchronized (handles) {
            handle.uses--;
            close = handle.retired && handle.uses == 0;
        }
        if (close) {
            handle.file.close();
        }
    }

    /** Nobody gets these files from here again; they close when their last use ends. */
    void retireAll() throws IOException {
        List<StorageFile> toClose = new ArrayList<>();
        synchronized (handles) {
            handles.values().forEach(handle -> retire(handle, toClose));
            handles.clear();
        }
        closeAll(toClose);
    }

    private static void retire(Handle handle, List<StorageFile> toClose) {
        handle.retired = true;
        if (handle.uses == 0) {
            toClose.add(handle.file);
        }
    }

    private static void closeAll(List<StorageFile> files) throws IOException {
        for (StorageFile file : files) {
            file.close();
        }
    }
}
