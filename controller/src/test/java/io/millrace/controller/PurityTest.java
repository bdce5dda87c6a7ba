package io.millrace.controller;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What decides stays free of actors, threads, clocks and I/O: all replicas must come to the same result. */
@AnalyzeClasses(packages = "io.millrace.controller", importOptions = ImportOption.DoNotIncludeTests.class)
class PurityTest {

    @ArchTest
    static final ArchRule metadataDependsOnNothingButPlainJavaAndTheRulesForNames = classes()
            .that()
            .resideInAPackage("io.millrace.controller.metadata..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.millrace.controller.metadata..",
                    "io.millrace.protocol",
                    "io.millrace.protocol.record", // how batches may be compressed
                    // Without subpackages: java.util.concurrent stays out.
                    "java.lang",
                    "java.util",
                    "java.util.function",
                    "java.util.stream",
                    "org.jspecify..",
                    "com.google.errorprone.annotations..");

    @ArchTest
    static final ArchRule balancingDependsOnNothingButTheMetadata = classes()
            .that()
            .resideInAPackage("io.millrace.controller.balance..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.millrace.controller.balance..",
                    "io.millrace.controller.metadata..",
                    "java.lang",
                    "java.util",
                    "java.util.function",
                    "java.util.stream",
                    "com.fasterxml.jackson.annotation", // how reports are written
                    "org.jspecify..",
                    "com.google.errorprone.annotations..");

    @ArchTest
    static final ArchRule placingDependsOnNothingButTheMetadataAndWhatBrokersCarry = classes()
            .that()
            .resideInAPackage("io.millrace.controller.placement..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.millrace.controller.placement..",
                    "io.millrace.controller.balance..",
                    "io.millrace.controller.metadata..",
                    "java.lang",
                    "java.util",
                    "java.util.function",
                    "java.util.stream",
                    "org.jspecify..",
                    "com.google.errorprone.annotations..");

    @ArchTest
    static final ArchRule decisionsAreMadeWithoutActorsOrClocks = noClasses()
            .that()
            .haveSimpleNameStartingWith("ControllerDecisions")
            .or()
            .haveSimpleName("LiveBrokers")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("akka..", "java.time..", "java.nio..", "java.util.concurrent..");
}
