package peers;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;

/** The session rule of docs/sessions.md, points 4 to 6: join, merge, open. Times in epoch milliseconds. */
final class Rule {
  /** `absorbed`: ids of the sessions that became part of `session`. */
  record Assignment(Visitor.Open session, boolean isStart, List<String> absorbed) {}

  private static final Comparator<Visitor.Open> BY_START =
      Comparator.<Visitor.Open>comparingLong(session -> session.first).thenComparing(session -> session.id);

  private Rule() {}

  /** Gives an event that is no copy its session, and moves the visitor on. */
  static Assignment assign(Visitor visitor, Row row, Site site, boolean isLate) {
    Visitor.Open survivor = null;
    List<Visitor.Open> kept = new ArrayList<>(visitor.sessions.length + 1);
    List<String> absorbed = new ArrayList<>(0);
    for (Visitor.Open session : visitor.sessions) {
      if (!takes(session, row.at, site)) {
        kept.add(session);
      } else if (survivor == null) {
        survivor = session;
        kept.add(session);
        survivor.first = Math.min(survivor.first, row.at);
        survivor.last = Math.max(survivor.last, row.at);
        survivor.lastArrival = Math.max(survivor.lastArrival, row.receivedAt);
        survivor.events++;
      } else if (Math.max(survivor.last, session.last) - Math.min(survivor.first, session.first) <= site.longest()) {
        absorbed.add(session.id);
        survivor.first = Math.min(survivor.first, session.first);
        survivor.last = Math.max(survivor.last, session.last);
        survivor.lastArrival = Math.max(survivor.lastArrival, session.lastArrival);
        survivor.events += session.events;
      } else {
        kept.add(session);
      }
    }
    boolean isStart = survivor == null;
    if (isStart) {
      survivor = new Visitor.Open();
      survivor.id = sessionId(row, isLate);
      survivor.first = row.at;
      survivor.last = row.at;
      survivor.lastArrival = row.receivedAt;
      survivor.events = 1;
      kept.add(survivor);
    }
    visitor.sessions = kept.toArray(new Visitor.Open[0]);
    Arrays.sort(visitor.sessions, BY_START);
    return new Assignment(survivor, isStart, absorbed);
  }

  private static boolean takes(Visitor.Open session, long at, Site site) {
    if (at > session.last) {
      return at - session.last <= site.gap() && at - session.first <= site.longest();
    }
    return at >= session.first || (session.first - at <= site.gap() && session.last - at <= site.longest());
  }

  /** A UUID of version 8: the time of the opening event, then a hash of who and which, and of the arrival if it was late. */
  private static String sessionId(Row row, boolean isLate) {
    ByteBuffer hash = hash(row.key + "/" + row.eventId + (isLate ? "/" + row.receivedAt : ""));
    long high = (row.at & 0xFFFF_FFFF_FFFFL) << 16 | 0x8000 | hash.getShort(0) & 0x0FFF;
    return uuid(high, hash.getLong(2));
  }

  /** The id of a `session_merge` row, from both sessions and the event that caused it. */
  static String mergeId(String survivor, String absorbed, String eventId) {
    ByteBuffer hash = hash(survivor + "/" + absorbed + "/" + eventId);
    return uuid(hash.getLong(0) & ~0xF000L | 0x8000, hash.getLong(8));
  }

  private static String uuid(long high, long low) {
    return new UUID(high, low & 0x3FFF_FFFF_FFFF_FFFFL | 0x8000_0000_0000_0000L).toString();
  }

  private static ByteBuffer hash(String text) {
    try {
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException never) {
      throw new IllegalStateException(never);
    }
  }

  /** An event id's 128 bits as 64. */
  static long fingerprint(String eventId) {
    UUID id = UUID.fromString(eventId);
    return id.getMostSignificantBits() * 59 + id.getLeastSignificantBits();
  }
}
