package peers;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Campaign parameters and click ids, by the table click_ids. */
final class Campaign {
  private static final int LONGEST = 512;
  private static final String[] UTMS = {
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "utm_id",
    "utm_source_platform",
    "utm_creative_format",
    "utm_marketing_tactic",
  };
  private static final Set<String> NOTHING = Set.of("undefined", "null", "none", "nan", "(not set)");

  /** An advertising network, with the source and medium that its click id implies. */
  record Network(String name, String source, String medium, boolean isId) {}

  /** What a channel follows from. */
  record Found(String source, String medium, String campaign, Network network) {}

  private static final Found NONE = new Found(null, null, null, null);
  private final Map<String, Network> networks = new LinkedHashMap<>();

  Campaign() throws IOException {
    for (Map<String, String> row : Tables.read("click_ids")) {
      networks.put(
          row.get("parameter"),
          new Network(row.get("network"), row.get("source"), row.get("medium"), row.get("is_id").equals("yes")));
    }
  }

  /** Whether a parameter is the id of one click, which is not kept without consent. */
  boolean isClick(String name, String value) {
    Network network = networks.get(name.toLowerCase(Locale.ROOT));
    return network != null && network.isId();
  }

  Found put(Line line, Address page, boolean keepsClicks) throws IOException {
    if (page == null || (page.query() == null && page.fragment() == null)) {
      return NONE;
    }
    Map<String, String> given = page.parameters();
    if (given.isEmpty()) {
      return NONE;
    }
    String[] found = new String[UTMS.length];
    for (int place = 0; place < UTMS.length; place++) {
      String value = given.getOrDefault(UTMS[place], "").strip();
      if (!value.isEmpty() && !NOTHING.contains(value.toLowerCase(Locale.ROOT))) {
        found[place] = Pii.scrub(cut(value));
        line.put(UTMS[place], found[place]);
      }
    }
    for (var row : networks.entrySet()) {
      String click = given.get(row.getKey());
      if (click != null) {
        if (row.getValue().isId() && keepsClicks) {
          line.put("click_id", cut(click));
        }
        line.put("click_network", row.getValue().name());
        return new Found(found[0], found[1], found[2], row.getValue());
      }
    }
    return new Found(found[0], found[1], found[2], null);
  }

  private static String cut(String text) {
    return text.length() > LONGEST ? text.substring(0, LONGEST) : text;
  }
}
