package peers;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Settings of one shop, of the sites document. Times in milliseconds. */
record Site(
    Set<String> hosts,
    Set<String> noSourceHosts,
    Set<String> serverAgents,
    ZoneId zone,
    String currency,
    boolean keepsAddress,
    boolean honoursGpc,
    long gap,
    long longest,
    long lateness) {
  /** How long after its last arrival a session can still be joined. */
  long retention() {
    return gap + lateness;
  }

  /** All sites of the document, by name. */
  static Map<String, Site> all() throws IOException {
    Map<String, Site> sites = new HashMap<>();
    JsonNode document = Line.JSON.readTree(new File(System.getenv("PEER_SITES"))).path("sites");
    for (var named : document.properties()) {
      JsonNode site = named.getValue();
      JsonNode session = site.path("session");
      sites.put(
          named.getKey(),
          new Site(
              texts(site.path("hosts")),
              texts(site.path("no_source_hosts")),
              texts(site.path("server_user_agents")),
              ZoneId.of(site.path("time_zone").asText("America/Sao_Paulo")),
              site.path("currency").asText("BRL"),
              !site.path("ip_policy").asText().equals("none"),
              site.path("honour_gpc").asBoolean(true),
              minutes(session, "gap_minutes", 30),
              minutes(session, "max_length_minutes", 24 * 60),
              minutes(session, "lateness_minutes", 60)));
    }
    return sites;
  }

  private static long minutes(JsonNode session, String name, int otherwise) {
    return Math.round(session.path(name).asDouble(otherwise) * 60_000);
  }

  private static Set<String> texts(JsonNode array) {
    Set<String> found = new HashSet<>();
    array.forEach(one -> found.add(one.asText()));
    return found;
  }
}
