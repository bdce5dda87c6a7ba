package io.millrace.benchmarks.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LatencyPictureTest {
    @Test
    void drawsALineForEachSystemThatWasMeasured(@TempDir Path directory) throws IOException {
        Histogram histogram = new Histogram(3);
        for (int i = 1; i <= 1_000; i++) {
            histogram.recordValue(i * 10L);
        }
        Results results = new Results();
        results.add(new Measurement(
                0, Cell.LATENCY, PeerSystem.KAFKA, new TaskResult(null, Map.of(), Driver.encoded(histogram))));
        List<PeerSystem> systems = List.of(PeerSystem.KAFKA, PeerSystem.NATS);
        assertThat(LatencyPicture.chart(results, Cell.LATENCY, systems).getSeriesMap())
                .containsOnlyKeys("kafka");
        Path file = directory.resolve("latency.png");
        LatencyPicture.write(results, Cell.LATENCY, systems, file);
        BufferedImage image = ImageIO.read(file.toFile());
        assertThat(image.getWidth()).isEqualTo(900);
    }

    @Test
    void nothingIsDrawnOfNothing(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("latency.png");
        LatencyPicture.write(new Results(), Cell.LATENCY, List.of(PeerSystem.KAFKA), file);
        assertThat(file).doesNotExist();
    }

    @Test
    void theAxisIsNamedByPercentiles() {
        assertThat(List.of(0.0, 1.0, 2.0, 3.0, 4.0).stream().map(LatencyPicture::percentile))
                .containsExactly("0 %", "90 %", "99 %", "99.9 %", "99.99 %");
    }
}
