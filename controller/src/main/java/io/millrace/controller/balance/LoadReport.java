package io.millrace.controller.balance;

/** The latest that was heard of a broker's load, and when, by the controller's clock. */
public record LoadReport(BrokerLoad load, long receivedMillis) {}
