package peers;

import java.util.Arrays;

/**
 * The keyed state of one visitor: her open sessions by start, and the last 256 event ids. Arrays and public fields, so that
 * Flink writes it with its own serialiser of POJOs.
 */
public final class Visitor {
  /** Ids remembered of one visitor. */
  static final int MOST_IDS = 256;

  /** A session that can still be joined. Times in epoch milliseconds; `first` and `last` are event times. */
  public static final class Open {
    public String id;
    public long first;
    public long last;
    public long lastArrival;
    public int events;
  }

  public Open[] sessions = {};
  public long[] ids = {};

  /** Where the next id goes once `ids` is full. */
  public int oldest;

  /** The moment of the timer that is set, 0 for none. */
  public long due;

  /** The newest arrival that any of her sessions saw. */
  long lastArrival() {
    long newest = -1;
    for (Open session : sessions) {
      newest = Math.max(newest, session.lastArrival);
    }
    return newest;
  }

  /** Remembers an event id; false when it is known. */
  boolean remember(long id) {
    for (long known : ids) {
      if (known == id) {
        return false;
      }
    }
    if (ids.length < MOST_IDS) {
      ids = Arrays.copyOf(ids, ids.length + 1);
      ids[ids.length - 1] = id;
    } else {
      ids[oldest] = id;
      oldest = (oldest + 1) % MOST_IDS;
    }
    return true;
  }

  /** Drops the sessions that an event received later than `oldestArrival` + retention cannot join; ids go with the last. */
  void expire(long oldestArrival) {
    int kept = 0;
    for (Open session : sessions) {
      kept += session.lastArrival >= oldestArrival ? 1 : 0;
    }
    if (kept == sessions.length) {
      return;
    }
    Open[] still = new Open[kept];
    int place = 0;
    for (Open session : sessions) {
      if (session.lastArrival >= oldestArrival) {
        still[place++] = session;
      }
    }
    sessions = still;
    if (kept == 0) {
      ids = new long[0];
      oldest = 0;
    }
  }
}
