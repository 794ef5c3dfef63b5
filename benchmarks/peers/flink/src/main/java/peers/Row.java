package peers;

/**
 * One event on its way. `key`: site/visitor_id, the partition key. `at`, `receivedAt`: epoch milliseconds. `columns`: a
 * JSON object without its closing brace; its first `shared` bytes are the columns that a `session_merge` row repeats.
 */
public final class Row {
  public String key;
  public String eventId;
  public long at;
  public long receivedAt;
  public byte[] columns;
  public int shared;
}
