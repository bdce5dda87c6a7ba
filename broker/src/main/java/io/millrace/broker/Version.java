package io.millrace.broker;

/** Which release this is. */
public final class Version {
    /** Of the jar; there is none in a build's own classes. */
    public static final String TEXT = text();

    private Version() {}

    private static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null ? "(development)" : version;
    }
}
