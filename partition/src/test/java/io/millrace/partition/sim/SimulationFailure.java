package io.millrace.partition.sim;

/** A property that does not hold. */
final class SimulationFailure extends AssertionError {
    private static final long serialVersionUID = 1L;

    private final Property property;

    SimulationFailure(Property property, String message) {
        super(property + ": " + message);
        this.property = property;
    }

    /** The same with where and how it came about, for people. */
    SimulationFailure(SimulationFailure cause, String story) {
        super(cause.getMessage() + "\n" + story, cause);
        this.property = cause.property;
    }

    Property property() {
        return property;
    }
}
