package peers;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.connectors.kinesis.serialization.KinesisDeserializationSchema;

/** Bytes with their sequence number, which is a column. */
public final class RawSchema implements KinesisDeserializationSchema<Raw> {
  @Override
  public Raw deserialize(byte[] data, String key, String sequence, long arrivedAt, String stream, String shard) {
    Raw raw = new Raw();
    raw.data = data;
    raw.sequence = sequence;
    return raw;
  }

  @Override
  public TypeInformation<Raw> getProducedType() {
    return TypeInformation.of(Raw.class);
  }
}
