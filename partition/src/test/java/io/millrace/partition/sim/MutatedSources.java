package io.millrace.partition.sim;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/**
 * Loads this module anew with a few lines of production code changed: the sources are patched in memory and compiled there,
 * so that no seam for bugs is in the code that ships.
 */
final class MutatedSources extends ClassLoader {
    private static final String OURS = "io.millrace.partition.";
    private static final Path SOURCES = Path.of("src", "main", "java");

    /** One change of one file. */
    record Patch(String className, String original, String replacement) {
        /** @throws IllegalStateException unless the original is there exactly once */
        String applyTo(String source) {
            int at = source.indexOf(original);
            if (at < 0 || source.indexOf(original, at + 1) >= 0) {
                throw new IllegalStateException("'" + original + "' is not exactly once in " + className
                        + ", which has changed since this bug was planted: plant it anew");
            }
            return source.substring(0, at) + replacement + source.substring(at + original.length());
        }
    }

    private final Map<String, ByteArrayOutputStream> mutated;

    private MutatedSources(Map<String, ByteArrayOutputStream> mutated) {
        super(MutatedSources.class.getClassLoader());
        this.mutated = mutated;
    }

    /** @throws IllegalStateException if a patch does not fit or the result does not compile */
    static MutatedSources with(List<Patch> patches) throws IOException {
        Map<String, String> sources = new HashMap<>();
        for (Patch patch : patches) {
            String source = sources.get(patch.className());
            if (source == null) {
                source = Files.readString(SOURCES.resolve(patch.className().replace('.', '/') + ".java"));
            }
            sources.put(patch.className(), patch.applyTo(source));
        }
        return new MutatedSources(compile(sources));
    }

    private static Map<String, ByteArrayOutputStream> compile(Map<String, String> sources) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Map<String, ByteArrayOutputStream> classes = new HashMap<>();
        StringWriter problems = new StringWriter();
        try (JavaFileManager files =
                new ForwardingJavaFileManager<>(compiler.getStandardFileManager(null, null, null)) {
                    @Override
                    public JavaFileObject getJavaFileForOutput(
                            Location location,
                            String className,
                            JavaFileObject.Kind kind,
                            javax.tools.@Nullable FileObject sibling) {
                        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                        classes.put(className, bytes);
                        return new SimpleJavaFileObject(URI.create("memory:///" + className), kind) {
                            @Override
                            public OutputStream openOutputStream() {
                                return bytes;
                            }
                        };
                    }
                }) {
            List<JavaFileObject> units = sources.entrySet().stream()
                    .map(source -> (JavaFileObject)
                            new SimpleJavaFileObject(
                                    URI.create("memory:///" + source.getKey().replace('.', '/') + ".java"),
                                    JavaFileObject.Kind.SOURCE) {
                                @Override
                                public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                                    return source.getValue();
                                }
                            })
                    .toList();
            List<String> options =
                    List.of("-nowarn", "-proc:none", "-classpath", System.getProperty("java.class.path"));
            boolean compiles = compiler.getTask(problems, files, null, options, null, units)
                    .call();
            if (!compiles) {
                throw new IllegalStateException("the mutant does not compile: " + problems);
            }
        }
        return classes;
    }

    /** Ours are loaded here, all of them: those that are changed and those that must see the changed ones. */
    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(OURS)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            if (loaded != null) {
                return loaded;
            }
            byte[] bytes = bytesOf(name);
            return defineClass(name, bytes, 0, bytes.length);
        }
    }

    private byte[] bytesOf(String name) throws ClassNotFoundException {
        ByteArrayOutputStream changed = mutated.get(name);
        if (changed != null) {
            return changed.toByteArray();
        }
        try (InputStream bytes = getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (bytes == null) {
                throw new ClassNotFoundException(name);
            }
            return bytes.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
