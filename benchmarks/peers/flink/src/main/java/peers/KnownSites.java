package peers;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Sites that send visitors, by the tables known_sites, ga4_sources and no_source_hosts. */
final class KnownSites {
  /** `medium`: search, social, email, video, shopping or ai. `terms`: parameters with the search term. */
  record KnownSite(String medium, String source, List<String> terms) {}

  private static final Set<String> SECOND_LEVEL =
      Set.of("co", "com", "ne", "net", "org", "or", "gov", "ac", "edu", "gob");
  private static final Set<String> WEB_MAIL =
      Set.of("webmail", "zimbra", "roundcube", "squirrelmail", "owa", "correio");
  private static final Pattern SEARCH_LABEL =
      Pattern.compile(
          "www\\d*|m\\d*|[a-z]{1,2}|search|images?|img|videos?|cse|encrypted|ipv[46]|lens|mobile|touch|web|wap|find|suche"
              + "|busca|buscador|pesquisa|recherche|ricerca|szukaj|isearch|websearch|blogsearch|html|lite|safe|start|noai|com");

  private final Map<String, KnownSite> exact = new HashMap<>();
  private final Map<String, KnownSite> anywhere = new HashMap<>();
  private final Map<String, String> mediums = new HashMap<>();
  private final Map<String, String> kinds = new HashMap<>();
  private final Set<String> noSource = new HashSet<>();

  KnownSites() throws IOException {
    for (Map<String, String> row : Tables.read("known_sites")) {
      List<String> terms =
          row.get("search_parameters").isEmpty() ? List.of() : List.of(row.get("search_parameters").split(" "));
      KnownSite site = new KnownSite(row.get("medium"), row.get("source"), terms);
      mediums.putIfAbsent(site.source(), site.medium());
      for (String host : row.get("hosts").split(" ")) {
        if (host.endsWith(".*")) {
          anywhere.putIfAbsent(host.substring(0, host.length() - 2), site);
        } else {
          exact.putIfAbsent(host, site);
        }
      }
    }
    Map<String, KnownSite> more = new HashMap<>();
    for (Map<String, String> row : Tables.read("ga4_sources")) {
      String source = row.get("source");
      String kind = row.get("ours").isEmpty() ? row.get("category") : row.get("ours");
      kinds.put(source, kind);
      if (source.contains(".") && !exact.containsKey(source)) {
        KnownSite known = find(source);
        if (known == null || !known.medium().equals(kind)) {
          more.put(source, new KnownSite(kind, source, List.of()));
        }
      }
    }
    exact.putAll(more);
    Tables.read("no_source_hosts").forEach(row -> noSource.add(row.get("host")));
  }

  /** The known site that a host belongs to, the longest match first; null for none. */
  KnownSite find(String host) {
    String[] labels = host.split("\\.");
    for (int start = 0; start < Math.min(labels.length, 8); start++) {
      KnownSite site = exact.get(String.join(".", Arrays.copyOfRange(labels, start, labels.length)));
      if (site == null) {
        site = anywhere.get(stem(labels, start));
      }
      if (site != null) {
        boolean isSearch = Arrays.stream(labels, 0, start).allMatch(label -> SEARCH_LABEL.matcher(label).matches());
        return site.medium().equals("search") && !isSearch ? null : site;
      }
    }
    return labels.length > 2 && WEB_MAIL.contains(labels[0]) ? new KnownSite("email", host, List.of()) : null;
  }

  /** `google` of google.com.br, google.de and google.com; empty where there is no such ending. */
  private static String stem(String[] labels, int start) {
    int count = labels.length - start;
    String last = labels[labels.length - 1];
    if (count >= 3 && last.length() == 2 && SECOND_LEVEL.contains(labels[labels.length - 2])) {
      return String.join(".", Arrays.copyOfRange(labels, start, labels.length - 2));
    }
    return count >= 2 && last.length() <= 3
        ? String.join(".", Arrays.copyOfRange(labels, start, labels.length - 1))
        : "";
  }

  /** Whether a visit only comes back from the host: payment, sign-in and such. */
  boolean isNoSource(String host, Set<String> more) {
    for (String name = host; !name.isEmpty(); name = name.substring(Math.max(name.indexOf('.') + 1, 0))) {
      if (noSource.contains(name) || more.contains(name)) {
        return true;
      }
      if (name.indexOf('.') < 0) {
        return false;
      }
    }
    return false;
  }

  /** The kind of a source by Google's list, by our name of a site, by its host; empty for none. */
  String category(String source) {
    String kind = kinds.getOrDefault(source, mediums.get(source));
    if (kind != null) {
      return kind;
    }
    int start = source.indexOf("://");
    String host = start < 0 ? source : source.substring(start + 3).split("[/?#:]", 2)[0];
    KnownSite site = host.contains(".") ? find(host) : null;
    return site == null ? "" : site.medium();
  }
}
