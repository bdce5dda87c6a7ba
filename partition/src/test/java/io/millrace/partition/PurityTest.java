package io.millrace.partition;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What decides stays free of actors, threads, clocks and I/O, so that a simulation can replay it from a seed. */
@AnalyzeClasses(packages = "io.millrace.partition", importOptions = ImportOption.DoNotIncludeTests.class)
class PurityTest {

    private static final String RAFT = "io.millrace.partition.raft..";
    private static final String STATE = "io.millrace.partition.state..";

    @ArchTest
    static final ArchRule raftAndStateDependOnNothingButPlainJava = classes()
            .that()
            .resideInAnyPackage(RAFT, STATE)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    RAFT,
                    STATE,
                    // Without subpackages: java.util.concurrent stays out.
                    "java.lang",
                    "java.util",
                    "java.util.function",
                    "java.util.stream",
                    "java.util.zip", // checksums
                    "org.jspecify..",
                    "com.google.errorprone.annotations..")
            .allowEmptyShould(true);
}
