package peers;

import java.util.LinkedHashMap;
import java.util.Map;

/** What was found out of the last 20,000 keys. */
final class Lru<K, V> extends LinkedHashMap<K, V> {
  private static final int MOST = 20_000;

  Lru() {
    super(1024, 0.75f, true);
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > MOST;
  }
}
