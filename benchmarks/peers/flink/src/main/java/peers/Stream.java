package peers;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.sink.RichSinkFunction;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResponse;

/**
 * Lines packed by bucket, the top eight bits of a visitor's hash key, into records of the enriched stream: at most 500 lines
 * or 900 kB in one. What is pending is put before a checkpoint completes. A put that is refused fails the job, which starts
 * again from the last checkpoint: at least once.
 */
public final class Stream extends RichSinkFunction<Row> implements CheckpointedFunction {
  private static final int BUCKETS = 256;
  private static final int MOST_LINES = 500;
  private static final int MOST_BYTES = 900_000;
  private static final int MOST_PENDING = 4_000;
  private static final int MOST_PENDING_BYTES = 4_000_000;

  private final String endpoint;
  private transient KinesisClient kinesis;
  private transient MessageDigest md5;
  private transient ByteArrayOutputStream[] pending;
  private transient int[] counts;
  private transient int lines;
  private transient int bytes;

  Stream(String endpoint) {
    this.endpoint = endpoint;
  }

  @Override
  public void open(OpenContext context) throws Exception {
    kinesis = KinesisClient.builder().endpointOverride(URI.create(endpoint)).build();
    md5 = MessageDigest.getInstance("MD5");
  }

  @Override
  public void invoke(Row row, Context context) {
    int bucket = md5.digest(row.key.getBytes(StandardCharsets.UTF_8))[0] & 255;
    boolean isFull = counts[bucket] == MOST_LINES || pending[bucket].size() + row.columns.length > MOST_BYTES;
    if (isFull || lines == MOST_PENDING || bytes + row.columns.length > MOST_PENDING_BYTES) {
      put();
    }
    pending[bucket].writeBytes(row.columns);
    counts[bucket]++;
    lines++;
    bytes += row.columns.length;
  }

  private void put() {
    List<PutRecordsRequestEntry> entries = new ArrayList<>(BUCKETS);
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      if (counts[bucket] > 0) {
        entries.add(
            PutRecordsRequestEntry.builder()
                .partitionKey(String.format("%02x", bucket))
                .explicitHashKey(BigInteger.valueOf(bucket).shiftLeft(120).toString())
                .data(SdkBytes.fromByteArrayUnsafe(pending[bucket].toByteArray()))
                .build());
        pending[bucket].reset();
        counts[bucket] = 0;
      }
    }
    lines = 0;
    bytes = 0;
    if (!entries.isEmpty()) {
      PutRecordsResponse answer = kinesis.putRecords(call -> call.streamName("enriched").records(entries));
      if (answer.failedRecordCount() > 0) {
        throw new IllegalStateException(answer.failedRecordCount() + " records refused");
      }
    }
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) {
    put();
  }

  @Override
  public void initializeState(FunctionInitializationContext context) {
    pending = new ByteArrayOutputStream[BUCKETS];
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      pending[bucket] = new ByteArrayOutputStream();
    }
    counts = new int[BUCKETS];
  }
}
