package io.millrace.client.cli;

/** Words for people. */
final class Text {
    private Text() {}

    static String count(long number, String singular, String plural) {
        return number + " " + (number == 1 ? singular : plural);
    }

    static String records(long number) {
        return count(number, "record", "records");
    }
}
