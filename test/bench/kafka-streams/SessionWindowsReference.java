import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;

/**
 * The reference: session windows as Kafka Streams offers them. Each message is parsed and
 * counted in the session of its key, 30 minutes of silence end one, and it is emitted when it
 * closes. Only the count is kept in the store and its changelog, not the text: less than
 * Afterword keeps. Arguments: brokers, topic, output topic, messages. Prints one line of JSON.
 */
public final class SessionWindowsReference {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    String topic = args[1];
    long expected = Long.parseLong(args[3]);
    AtomicLong seen = new AtomicLong();
    AtomicLong emitted = new AtomicLong();
    AtomicLong runningAtNanos = new AtomicLong();
    CountDownLatch finished = new CountDownLatch(1);

    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(topic, Consumed.with(Serdes.String(), Serdes.ByteArray()))
        .mapValues(SessionWindowsReference::parseContent)
        .groupByKey(Grouped.with(Serdes.String(), Serdes.String()))
        .windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofMinutes(30), Duration.ofSeconds(10)))
        .emitStrategy(EmitStrategy.onWindowClose())
        .aggregate(
            () -> 0L,
            (key, content, count) -> {
              if (seen.incrementAndGet() == expected) finished.countDown();
              return count + 1;
            },
            (key, left, right) -> left + right,
            Materialized.with(Serdes.String(), Serdes.Long()))
        .toStream()
        .map((window, count) -> {
          emitted.incrementAndGet();
          return new org.apache.kafka.streams.KeyValue<>(window.key(), count);
        })
        .to(args[2], Produced.with(Serdes.String(), Serdes.Long()));

    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "streams-" + topic);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, Files.createTempDirectory("afterword-bench-streams").toString());
    settings.put("auto.offset.reset", "earliest");

    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    streams.setStateListener((now, before) -> {
      if (now == KafkaStreams.State.RUNNING) runningAtNanos.compareAndSet(0, System.nanoTime());
    });
    streams.start();
    finished.await();
    double tookMs = (System.nanoTime() - runningAtNanos.get()) / 1e6;
    streams.close(Duration.ofSeconds(30));
    streams.cleanUp();
    System.out.printf(
        "{\"messages\":%d,\"emitted\":%d,\"tookMs\":%.0f}%n", seen.get(), emitted.get(), tookMs);
    System.exit(0);
  }

  private static String parseContent(byte[] value) {
    try {
      JsonNode event = JSON.readTree(value);
      return event.get("content").asText();
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }
}
