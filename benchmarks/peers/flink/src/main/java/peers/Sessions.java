package peers;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * A visitor's events in their sessions, without copies, each after the `session_merge` rows that it caused. What nothing can
 * join any more is dropped by her next event, or by a timer when she does not come again.
 */
public final class Sessions extends KeyedProcessFunction<String, Row, Row> {
  private transient Map<String, Site> sites;
  private transient ValueState<Visitor> visitors;

  @Override
  public void open(OpenContext context) throws Exception {
    sites = Site.all();
    visitors = getRuntimeContext().getState(new ValueStateDescriptor<>("visitor", Visitor.class));
  }

  @Override
  public void processElement(Row row, Context context, Collector<Row> out) throws Exception {
    Site site = site(row.key);
    Visitor visitor = visitors.value();
    if (visitor == null) {
      visitor = new Visitor();
    }
    visitor.expire(row.receivedAt - site.retention());
    if (visitor.remember(Rule.fingerprint(row.eventId))) {
      boolean isLate = row.at < row.receivedAt - site.lateness();
      Rule.Assignment found = Rule.assign(visitor, row, site, isLate);
      String place =
          ",\"session_id\":\"" + found.session().id + "\",\"session_started_at\":\"" + Times.iso(found.session().first)
              + "\",\"is_session_start\":" + found.isStart() + ",\"is_late\":" + isLate;
      for (String absorbed : found.absorbed()) {
        out.collect(merge(row, place, found.session().id, absorbed));
      }
      row.columns = with(row.columns, row.columns.length, place + ",\"session_event_index\":" + found.session().events);
      out.collect(row);
      if (visitor.due == 0) {
        visitor.due = visitor.lastArrival() + site.retention();
        context.timerService().registerEventTimeTimer(visitor.due);
      }
    }
    visitors.update(visitor);
  }

  @Override
  public void onTimer(long moment, OnTimerContext context, Collector<Row> out) throws Exception {
    Visitor visitor = visitors.value();
    long over = visitor.lastArrival() + site(context.getCurrentKey()).retention();
    if (over <= moment) {
      visitors.clear();
      return;
    }
    visitor.due = over;
    context.timerService().registerEventTimeTimer(over);
    visitors.update(visitor);
  }

  private Site site(String key) {
    return sites.get(key.substring(0, key.indexOf('/')));
  }

  private static Row merge(Row row, String place, String survivor, String absorbed) {
    Row merge = new Row();
    merge.key = row.key;
    merge.eventId = Rule.mergeId(survivor, absorbed, row.eventId);
    merge.at = row.at;
    merge.receivedAt = row.receivedAt;
    String more =
        place + ",\"event_id\":\"" + merge.eventId + "\",\"event_name\":\"session_merge\",\"merged_session_id\":\"" + absorbed + "\"";
    merge.columns = with(row.columns, row.shared, more);
    return merge;
  }

  /** The first bytes of an open object with more columns, closed, as a line. */
  private static byte[] with(byte[] columns, int size, String more) {
    byte[] rest = (more + "}\n").getBytes(StandardCharsets.UTF_8);
    byte[] line = Arrays.copyOf(columns, size + rest.length);
    System.arraycopy(rest, 0, line, size, rest.length);
    return line;
  }
}
