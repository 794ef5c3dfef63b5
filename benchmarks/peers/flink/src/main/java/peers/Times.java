package peers;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Set;

/** When an event happened (docs/sessions.md, point 1), and time stamps as text. Times in epoch milliseconds. */
final class Times {
  private static final long NONSENSE = 7 * 24 * 3_600_000L;
  private static final long CLOCK_ERROR = 5 * 60_000L;
  private static final long DAY = 24 * 3_600_000L;
  private static final Set<String> LOST = Set.of("ts:no_zone", "ts:unreadable", "ts:out_of_range");

  private Times() {}

  /** Puts event_at, event_date and is_time_suspect; returns the moment. */
  static long put(Line line, JsonNode record, JsonNode event, Site site) throws IOException {
    long received = record.path("received_at").asLong();
    long at = received;
    boolean isSuspect = false;
    if (event.path("ts").isNumber()) {
      long given = event.path("ts").asLong();
      long sent = record.path("sent_at").isNumber() ? record.path("sent_at").asLong() : received;
      at = Math.min(received, Math.abs(received - sent) <= CLOCK_ERROR ? given : received - sent + given);
      isSuspect = received - at > NONSENSE;
      at = isSuspect ? received : at;
    }
    for (JsonNode repair : event.path("repairs")) {
      isSuspect |= LOST.contains(repair.asText());
    }
    line.put("event_at", iso(at));
    line.put("event_date", Instant.ofEpochMilli(at).atZone(site.zone()).toLocalDate().toString());
    line.put("is_time_suspect", isSuspect);
    return at;
  }

  /** 1795296000123 as 2026-11-21T21:20:00.123Z. */
  static String iso(long at) {
    int rest = (int) Math.floorMod(at, DAY);
    StringBuilder text = new StringBuilder(24).append(LocalDate.ofEpochDay(Math.floorDiv(at, DAY))).append('T');
    two(text, rest / 3_600_000).append(':');
    two(text, rest / 60_000 % 60).append(':');
    two(text, rest / 1_000 % 60).append('.').append((char) ('0' + rest % 1_000 / 100));
    return two(text, rest % 100).append('Z').toString();
  }

  private static StringBuilder two(StringBuilder text, int number) {
    return text.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
  }
}
