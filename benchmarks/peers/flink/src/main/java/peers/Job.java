package peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.maxmind.db.CHMCache;
import com.maxmind.db.Reader;
import java.io.File;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.api.common.serialization.SimpleStringSchema;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.RichSinkFunction;
import org.apache.flink.streaming.connectors.kinesis.FlinkKinesisConsumer;
import org.apache.flink.util.Collector;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResponse;
import ua_parser.Client;
import ua_parser.Parser;

/**
 * Raw records in, one enriched line an event out: user agent, city, keyed state with the last 256 event ids and a session
 * by the gap of 30 minutes, checkpointed every five seconds, at least once.
 */
public final class Job {
  private static final long GAP = 30 * 60 * 1000L;
  private static final ObjectMapper JSON = new ObjectMapper();

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
    flink.getConfig().enableObjectReuse();
    flink
        .addSource(new FlinkKinesisConsumer<>("raw", new SimpleStringSchema(), properties))
        .flatMap(new Enrich())
        .keyBy(row -> row.visitor)
        .process(new Sessions())
        .addSink(new Stream(endpoint));
    flink.execute("peer");
  }

  /** One event on its way. */
  public static final class Row {
    public String visitor;
    public String eventId;
    public long at;
    public String json;
  }

  static final class Lru<K, V> extends LinkedHashMap<K, V> {
    Lru() {
      super(1024, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
      return size() > 20_000;
    }
  }

  static final class Enrich extends RichFlatMapFunction<String, Row> {
    private transient Parser parser;
    private transient Reader cities;
    private transient Lru<String, Client> agents;
    private transient Lru<String, String[]> places;

    @Override
    public void open(OpenContext context) throws Exception {
      parser = new Parser();
      agents = new Lru<>();
      places = new Lru<>();
      String file = System.getenv("PEER_GEO_CITY");
      if (file != null && !file.isEmpty()) {
        cities = new Reader(new File(file), Reader.FileMode.MEMORY_MAPPED, new CHMCache());
      }
    }

    @Override
    public void flatMap(String data, Collector<Row> out) throws Exception {
      JsonNode record = JSON.readTree(data);
      Client client = agents.computeIfAbsent(record.path("user_agent").asText(""), parser::parse);
      String address = record.path("ip").asText("");
      String[] place = places.get(address);
      if (place == null) {
        place = find(address);
        places.put(address, place);
      }
      for (JsonNode event : record.path("events")) {
        ObjectNode row = ((ObjectNode) event).deepCopy();
        Row made = new Row();
        made.visitor = record.path("visitor_id").asText();
        made.eventId = event.path("event_id").asText();
        made.at = event.path("ts").asLong(record.path("received_at").asLong());
        row.put("visitor_id", made.visitor);
        row.put("site", record.path("site").asText());
        row.put("received_at", record.path("received_at").asLong());
        row.put("browser", client.userAgent.family);
        row.put("browser_version", client.userAgent.major);
        row.put("os", client.os.family);
        row.put("os_version", client.os.major);
        row.put("device", client.device.family);
        row.put("city", place[0]);
        row.put("country", place[1]);
        made.json = row.toString();
        out.collect(made);
      }
    }

    private String[] find(String address) throws Exception {
      // The free database comes as two files; this reads the one of IPv4, as the other peer does.
      if (cities == null || address.isEmpty() || address.indexOf(':') >= 0) {
        return new String[2];
      }
      Map<?, ?> found = cities.get(InetAddress.getByName(address), Map.class);
      return new String[] {text(found, "city", "names", "en"), text(found, "country", "iso_code")};
    }

    private static String text(Object found, String... names) {
      for (String name : names) {
        found = found instanceof Map ? ((Map<?, ?>) found).get(name) : null;
      }
      return found == null ? null : found.toString();
    }
  }

  static final class Sessions extends KeyedProcessFunction<String, Row, Row> {
    private transient ValueState<String> session;
    private transient ValueState<Long> last;
    private transient MapState<String, Long> seen;

    @Override
    public void open(OpenContext context) {
      session = getRuntimeContext().getState(new ValueStateDescriptor<>("session", String.class));
      last = getRuntimeContext().getState(new ValueStateDescriptor<>("last", Long.class));
      seen = getRuntimeContext().getMapState(new MapStateDescriptor<>("seen", String.class, Long.class));
    }

    @Override
    public void processElement(Row row, Context context, Collector<Row> out) throws Exception {
      if (seen.contains(row.eventId)) {
        return;
      }
      seen.put(row.eventId, row.at);
      Long before = last.value();
      if (before == null || row.at - before > GAP) {
        session.update(row.visitor + "-" + row.at);
      }
      last.update(before == null ? row.at : Math.max(before, row.at));
      row.json = row.json.substring(0, row.json.length() - 1) + ",\"session_id\":\"" + session.value() + "\"}\n";
      out.collect(row);
    }
  }

  /** PutRecords of 500; what is pending is put before a checkpoint completes. */
  static final class Stream extends RichSinkFunction<Row> implements CheckpointedFunction {
    private final String endpoint;
    private transient KinesisClient kinesis;
    private transient List<PutRecordsRequestEntry> pending;

    Stream(String endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public void open(OpenContext context) {
      kinesis = KinesisClient.builder().endpointOverride(URI.create(endpoint)).build();
    }

    @Override
    public void invoke(Row row, Context context) {
      pending.add(
          PutRecordsRequestEntry.builder()
              .partitionKey(row.visitor)
              .data(SdkBytes.fromByteArrayUnsafe(row.json.getBytes(StandardCharsets.UTF_8)))
              .build());
      if (pending.size() == 500) {
        put();
      }
    }

    private void put() {
      if (pending.isEmpty()) {
        return;
      }
      List<PutRecordsRequestEntry> entries = pending;
      PutRecordsResponse answer = kinesis.putRecords(call -> call.streamName("enriched").records(entries));
      if (answer.failedRecordCount() > 0) {
        throw new IllegalStateException(answer.failedRecordCount() + " records refused");
      }
      pending = new ArrayList<>(500);
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) {
      put();
    }

    @Override
    public void initializeState(FunctionInitializationContext context) {
      pending = new ArrayList<>(500);
    }
  }
}
