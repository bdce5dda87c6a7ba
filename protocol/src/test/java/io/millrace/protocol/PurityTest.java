package io.millrace.protocol;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The format and the identifiers go into every user's application: they bring nothing along. */
@AnalyzeClasses(packages = "io.millrace.protocol", importOptions = ImportOption.DoNotIncludeTests.class)
class PurityTest {
    @ArchTest
    static final ArchRule identifiersAndRecordsDependOnNothingButTheJdkAndTheirCodecs = classes()
            .that()
            .resideInAnyPackage("io.millrace.protocol", "io.millrace.protocol.record")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    "io.millrace.protocol",
                    "io.millrace.protocol.record",
                    "java..",
                    "org.jspecify..",
                    "com.google.errorprone.annotations..",
                    "net.jpountz..",
                    "org.xerial.snappy..",
                    "com.github.luben.zstd..");
}
