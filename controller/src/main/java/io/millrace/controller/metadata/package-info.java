/**
 * What the cluster knows of itself – brokers, topics, who controls it – as a replicated state machine. Pure: values in,
 * values out; an ArchUnit test says so.
 *
 * <pre>
 *   (index, MetadataCommand) ──▶ ClusterMetadata.apply ──▶ next ClusterMetadata + MetadataResult
 * </pre>
 *
 * <p>The commands are the entries of the Raft group {@code __metadata}. Every replica applies the same ones in the same
 * order, so what {@link io.millrace.controller.metadata.ClusterMetadata#apply} does may depend on nothing else: no clock,
 * no settings of one broker, not who is reachable just now. Whatever does depend on such things – where replicas go
 * ({@link io.millrace.controller.placement.Placement}), whether a broker's id is in use – the controller decides before it
 * proposes, and the command carries the decision.
 *
 * <p><b>Fencing.</b> Each command names the controller epoch that its proposer believes in and is refused at apply if
 * another one rules by then. A controller begins by claiming the epoch after that. So of two controllers that both
 * believe to be the only one, at most one gets anything done; and a claim that was delayed on its way cannot depose a
 * controller that claimed later.
 *
 * <p><b>Refusals are results.</b> A command that is late, stale or senseless changes nothing but the applied index, and
 * its proposer is told why. Only an entry that cannot be understood at all, or one out of order, stops a replica: going
 * on would mean to differ from the others in silence.
 *
 * <p><b>Changing the rules.</b> As long as old entries are replayed, they must be refused or accepted as they were when
 * they were written: tighten a rule in the controller, not here.
 */
@NullMarked
package io.millrace.controller.metadata;

import org.jspecify.annotations.NullMarked;
