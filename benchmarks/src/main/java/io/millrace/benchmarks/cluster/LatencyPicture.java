package io.millrace.benchmarks.cluster;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** How latencies are distributed: what part of the records was acknowledged later than that. */
final class LatencyPicture {
    /** The axis is linear in these: 1 is 90 %, 2 is 99 %, and what is beyond 4 is a handful of records. */
    private static final int NINES = 4;

    private static final int POINTS_PER_NINE = 40;

    private LatencyPicture() {}

    /** Writes a PNG file, unless nothing was measured. */
    static void write(Results results, Cell cell, List<PeerSystem> systems, Path file) throws IOException {
        XYChart chart = chart(results, cell, systems);
        if (!chart.getSeriesMap().isEmpty()) {
            BitmapEncoder.saveBitmap(chart, file.toString(), BitmapEncoder.BitmapFormat.PNG);
        }
    }

    /** A line for each system that was measured, of all its repetitions together. */
    static XYChart chart(Results results, Cell cell, List<PeerSystem> systems) {
        XYChart chart = new XYChartBuilder()
                .width(900)
                .height(520)
                .title(String.format(
                        Locale.ROOT, "%,d records/s of %d bytes, RF 3", Driver.PACED_PER_SECOND, cell.recordBytes))
                .xAxisTitle("percentile")
                .yAxisTitle("due to acknowledged, ms")
                .build();
        chart.getStyler().setYAxisLogarithmic(true);
        chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideNW);
        chart.getStyler().setDefaultSeriesRenderStyle(org.knowm.xchart.XYSeries.XYSeriesRenderStyle.Line);
        chart.getStyler().setXAxisTickMarkSpacingHint(180);
        chart.setCustomXAxisTickLabelsFormatter(LatencyPicture::percentile);
        for (PeerSystem system : systems) {
            Histogram all = merged(results, cell, system);
            if (all.getTotalCount() > 0) {
                addLine(chart, system, all);
            }
        }
        return chart;
    }

    private static void addLine(XYChart chart, PeerSystem system, Histogram histogram) {
        List<Double> xs = new ArrayList<>();
        List<Double> ys = new ArrayList<>();
        for (int i = 0; i <= NINES * POINTS_PER_NINE; i++) {
            double nines = i / (double) POINTS_PER_NINE;
            xs.add(nines);
            ys.add(Math.max(1, histogram.getValueAtPercentile(percent(nines))) / 1e3);
        }
        chart.addSeries(system.label, xs, ys).setMarker(SeriesMarkers.NONE);
    }

    private static double percent(double nines) {
        return 100 * (1 - Math.pow(10, -nines));
    }

    static String percentile(double nines) {
        int decimals = (int) Math.max(0, Math.ceil(nines) - 2);
        return String.format(Locale.ROOT, "%." + decimals + "f %%", percent(nines));
    }

    private static Histogram merged(Results results, Cell cell, PeerSystem system) {
        Histogram all = new Histogram(3);
        for (Measurement measurement : results.all()) {
            String latencies = measurement.result().latencies();
            if (measurement.cell() == cell && measurement.system() == system && latencies != null) {
                all.add(decoded(latencies));
            }
        }
        return all;
    }

    private static Histogram decoded(String latencies) {
        try {
            return Histogram.decodeFromCompressedByteBuffer(
                    ByteBuffer.wrap(Base64.getDecoder().decode(latencies)), 0);
        } catch (DataFormatException e) {
            throw new IllegalArgumentException("no histogram", e);
        }
    }
}
