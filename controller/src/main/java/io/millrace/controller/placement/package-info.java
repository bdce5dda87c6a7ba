/**
 * Where replicas shall go that cannot stay where they are. Pure: metadata and who is up in, moves with their reasons out; the
 * {@link io.millrace.controller.Controller} asks again and again, and remembers nothing of it (decision 018).
 */
@NullMarked
package io.millrace.controller.placement;

import org.jspecify.annotations.NullMarked;
