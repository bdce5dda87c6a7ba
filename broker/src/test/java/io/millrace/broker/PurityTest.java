package io.millrace.broker;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "io.millrace.broker", importOptions = ImportOption.DoNotIncludeTests.class)
class PurityTest {
    @ArchTest
    static final ArchRule PROTOBUF_STOPS_AT_THE_FRONT_DOOR = noClasses()
            .that()
            .resideOutsideOfPackage("..broker.grpc")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.millrace.protocol.v1", "com.google.protobuf..", "com.google.rpc..");

    @ArchTest
    static final ArchRule SETTINGS_AND_DIRECTORY_KNOW_NO_ACTORS = noClasses()
            .that()
            .resideInAnyPackage("..broker.config", "..broker.data")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("akka.actor..", "akka.cluster..", "akka.stream..", "akka.http..");
}
