package io.millrace.controller;

import akka.actor.testkit.typed.javadsl.TestInbox;
import akka.actor.typed.ActorRef;

/** Nobody listens. */
final class NoReplies {
    static final ActorRef<ControllerReply> REF =
            TestInbox.<ControllerReply>create().getRef();

    private NoReplies() {}
}
