package peers;

import java.io.IOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Names of parameters and properties whose values are not kept, by the table sensitive_names. */
final class SecretNames {
  private static final Pattern BETWEEN = Pattern.compile("[_\\-. +\\[\\]]+");
  private static final Pattern WORDS = Pattern.compile("[_\\-. +\\[\\]]+|(?<=[a-z0-9])(?=[A-Z])");
  private static final Pattern TOKEN = Pattern.compile("(?=.*[0-9])[\\w\\-.~%+/=]{20,}");

  private final Map<String, String> kinds = new HashMap<>();
  private final Map<String, String> ends = new HashMap<>();
  private final Map<String, String> anywhere = new HashMap<>();
  private final Lru<String, String> known = new Lru<>();

  SecretNames() throws IOException {
    for (Map<String, String> row : Tables.read("sensitive_names")) {
      String name = compact(row.get("name"));
      kinds.put(name, row.get("kind"));
      if (!row.get("also").isEmpty()) {
        ends.put(name, row.get("kind"));
      }
      if (row.get("also").equals("any") || row.get("also").equals("word")) {
        anywhere.put(name, row.get("kind"));
      }
    }
  }

  /** Whether the value of a parameter must not be kept. */
  boolean isSecret(String name, String value) {
    String kind = kind(name);
    boolean isRandom = !value.equals(value.toLowerCase(Locale.ROOT)) || value.length() >= 32;
    return kind.equals("weak") ? isRandom && TOKEN.matcher(value).matches() : !kind.isEmpty();
  }

  /** Whether the value of a property must not be kept. */
  boolean isSecretProperty(String name) {
    String kind = kind(name);
    return kind.equals("personal") || kind.equals("secret");
  }

  private String kind(String name) {
    String kind = known.get(name);
    if (kind == null) {
      kind = find(name);
      known.put(name, kind);
    }
    return kind;
  }

  private String find(String name) {
    String whole = compact(name);
    String one = whole.endsWith("s") ? whole.substring(0, whole.length() - 1) : whole;
    String kind = kinds.getOrDefault(whole, kinds.get(one));
    if (kind != null) {
      return kind;
    }
    for (var row : anywhere.entrySet()) {
      if (whole.endsWith(row.getKey()) || one.endsWith(row.getKey())) {
        return row.getValue();
      }
    }
    String[] words = WORDS.split(name);
    String end = "";
    for (int place = words.length - 1; place > 0 && place >= words.length - 3; place--) {
      end = words[place].toLowerCase(Locale.ROOT) + end;
      if (ends.containsKey(end)) {
        return ends.get(end);
      }
    }
    return "";
  }

  private static String compact(String name) {
    return BETWEEN.matcher(name.toLowerCase(Locale.ROOT)).replaceAll("");
  }
}
