/** The controller: one per cluster, it decides and the metadata group commits. */
@NullMarked
package io.millrace.controller;

import org.jspecify.annotations.NullMarked;
