package peers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.connectors.kinesis.FlinkKinesisConsumer;

/**
 * Raw records in, one enriched line an event out: enrichments, then sessions and de-duplication in keyed state by event
 * time, checkpointed every five seconds into a folder, at least once.
 *
 * <p>Time is `received_at`: a visitor's state is dropped when the watermark says that nothing can join it any more. The
 * watermark lies ten minutes behind the newest record, which is the slack of docs/sessions.md, point 7.
 */
public final class Job {
  private static final Duration SLACK = Duration.ofMinutes(10);
  private static final Duration IDLE = Duration.ofSeconds(30);

  public static void main(String[] args) throws Exception {
    String endpoint = System.getenv("AWS_ENDPOINT_URL");
    Properties properties = new Properties();
    properties.setProperty("aws.region", System.getenv("AWS_REGION"));
    properties.setProperty("aws.endpoint", endpoint);
    properties.setProperty("flink.stream.initpos", "TRIM_HORIZON");
    properties.setProperty("flink.shard.getrecords.maxrecordcount", "2000");
    properties.setProperty("flink.shard.getrecords.intervalmillis", "500");
    Configuration configuration = new Configuration();
    configuration.setString("taskmanager.memory.network.min", "64mb");
    configuration.setString("taskmanager.memory.network.max", "64mb");
    StreamExecutionEnvironment flink = StreamExecutionEnvironment.createLocalEnvironment(2, configuration);
    flink.enableCheckpointing(5_000);
    flink.getCheckpointConfig().setCheckpointStorage(Path.of("checkpoints").toAbsolutePath().toUri());
    flink.getConfig().enableObjectReuse();
    flink
        .addSource(new FlinkKinesisConsumer<>("raw", new RawSchema(), properties))
        .flatMap(new Enrich())
        .assignTimestampsAndWatermarks(
            WatermarkStrategy.<Row>forBoundedOutOfOrderness(SLACK)
                .withTimestampAssigner((row, before) -> row.receivedAt)
                .withIdleness(IDLE))
        .keyBy(row -> row.key)
        .process(new Sessions())
        .addSink(new Stream(endpoint));
    flink.execute("peer");
  }
}
