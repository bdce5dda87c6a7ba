package io.millrace.controller;

import io.millrace.controller.metadata.ClusterMetadata;
import java.util.Optional;

/** A view that nobody keeps up to date but the test. */
public final class CaughtUpView {
    private CaughtUpView() {}

    public static MetadataView of(ClusterMetadata metadata) {
        MetadataView view = new MetadataView();
        change(view, metadata);
        return view;
    }

    public static void change(MetadataView view, ClusterMetadata metadata) {
        view.publish(new MetadataView.State(metadata, true, Optional.empty()));
    }
}
