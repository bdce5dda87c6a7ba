/**
 * Whole Raft groups in one thread on virtual time, among faults, decided by one seed. {@code docs/simulation.md} is the
 * page for who runs it; this one is for who changes it.
 *
 * <pre>
 *   SimulateCommand, SimulationTest
 *     Simulation             seed after seed, on several threads
 *       SimulatedCluster ── Scenario (what the seed stands for: size, faults, settings)
 *         ├─ Timeline            what happens when; the only clock. NodeClock: one machine's view of it
 *         ├─ Chaos, Clients      do what Faults names; append values and read them
 *         ├─ SimulatedNetwork    loses, delays, doubles, reorders
 *         ├─ Member              clock, journal and Disk: what survives a crash
 *         │    ├─ Shell          one life: what RaftActor does around the real RaftCore
 *         │    │    LogWriter    its disk thread, around the real SegmentedLog; reads are those of the real CachedLog
 *         │    └─ Partition      what PartitionActor does around the real PartitionOffsets, and a StateMachine
 *         ├─ SafetyChecks        every Property, after every event, over all of history
 *         │    History           what clients saw: is it one log?
 *         └─ Trace               the last events, drawn by SequenceChart, and a hash over all
 * </pre>
 *
 * <ul>
 *   <li>{@code mvn test -pl protocol,partition -Dtest=SimulationTest}: the seeds of every build
 *   <li>{@code bin/millrace simulate --seed 42}: this one only; a failure says which. Any change to the simulator gives old
 *       seeds new meanings: what one has found belongs into a test of the class that was wrong as well
 *   <li>{@link io.millrace.partition.sim.PlantedBugsTest}: that the checks find what they should; a new check needs a new
 *       bug there. {@code -Dmillrace.sim.bugs.all=true -Dmillrace.sim.bugs.seeds=500} counts in how many seeds
 * </ul>
 *
 * <p>A new fault is a {@code Fault}, a weight in {@code Faults} and a case of {@code Chaos}. A new promise is a {@code
 * Property} and its check. Where what surrounds the core could go wrong, {@code Conduct} has a method. All randomness is
 * split off the seed's {@link java.util.SplittableRandom}; nothing may depend on identity hashes or the order of a hash set.
 */
@org.jspecify.annotations.NullMarked
package io.millrace.partition.sim;
