/**
 * Whole Raft groups in one thread on virtual time, among faults, decided by one seed.
 *
 * <pre>
 *   SimulatedCluster ── Scenario (what the seed stands for: size, faults, settings)
 *     ├─ Timeline            what happens when; the only clock
 *     ├─ Chaos, Clients      cut links, crash, pause, slow disks, change the membership; propose values
 *     ├─ SimulatedNetwork    loses, delays, doubles, reorders
 *     ├─ Member              journal and log: what survives a crash
 *     │    └─ Shell          one life: what the Raft actor does around a RaftCore, and LogWriter, its disk thread
 *     ├─ SafetyChecks        every Property, after every event, over all of history
 *     └─ Trace               the last 60 events, and a hash over all
 * </pre>
 *
 * <ul>
 *   <li>{@code mvn test -pl protocol,partition -Dtest=SimulationTest}: the seeds of every build
 *   <li>{@code -Dmillrace.sim.seed=42}: this one only; a failure says which. Any change to the simulator gives old seeds
 *       new meanings: what one has found belongs into a test of {@code raft} as well
 *   <li>{@code -Dmillrace.sim.seeds=1000000}: a long night
 *   <li>{@link io.millrace.partition.sim.PlantedBugsTest}: that the checks find what they should; a new check needs a new
 *       bug there. {@code -Dmillrace.sim.bugs.all=true -Dmillrace.sim.bugs.seeds=500} counts in how many seeds
 * </ul>
 *
 * <p>A new fault is a field of {@code Faults} and a case of {@code Chaos}. A new promise is a {@code Property} and its check.
 * Where what surrounds the core could go wrong, {@code Conduct} has a method. All randomness is split off the seed's
 * {@link java.util.SplittableRandom}; nothing may depend on identity hashes or the order of a hash set.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.partition.sim;
