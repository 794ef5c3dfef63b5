package peers;

import java.io.IOException;
import java.util.Map;

/** The page that sent the visitor, and the channel that follows from it and the campaign. */
final class Referrer {
  private static final int LONGEST_TERM = 512;
  private static final Map<String, String> MEDIUMS =
      Map.of("search", "organic", "ai", "ai-assistant", "email", "email", "referral", "referral");

  private final KnownSites known = new KnownSites();

  Referrer() throws IOException {}

  /** `from`: null where there is none. */
  void put(Line line, Address from, Address page, Site site, Campaign.Found campaign) throws IOException {
    String medium = null;
    String source = null;
    if (from != null && from.host() != null) {
      String host = from.host();
      line.put("referrer_url", from.text()).put("referrer_host", host);
      KnownSites.KnownSite found = null;
      if (isOurs(host, page, site)) {
        medium = "internal";
      } else if (known.isNoSource(host, site.noSourceHosts())) {
        medium = "no_source";
      } else {
        found = known.find(host);
        medium = found == null ? "referral" : found.medium();
        source = found != null ? found.source() : host.startsWith("www.") ? host.substring(4) : host;
      }
      line.put("referrer_medium", medium).put("referrer_source", source);
      if (found != null && !found.terms().isEmpty() && from.query() != null) {
        putTerm(line, from, found);
      }
    }
    line.put("channel", channel(campaign, medium, source));
  }

  private static boolean isOurs(String host, Address page, Site site) {
    boolean isPage = page != null && host.equals(page.host());
    return isPage || site.hosts().contains(host) || site.hosts().stream().anyMatch(ours -> host.endsWith("." + ours));
  }

  private static void putTerm(Line line, Address from, KnownSites.KnownSite found) throws IOException {
    Map<String, String> given = from.parameters();
    for (String name : found.terms()) {
      String term = given.get(name);
      if (term != null) {
        line.put("referrer_term", Pii.scrub(term.substring(0, Math.min(term.length(), LONGEST_TERM))));
        return;
      }
    }
  }

  /** The campaign's parameters speak first, then the click id, then the referrer; null for a step inside the shop. */
  private String channel(Campaign.Found campaign, String medium, String source) {
    Campaign.Network network = campaign.network();
    String name = campaign.campaign() == null ? "" : campaign.campaign().toLowerCase();
    if (campaign.source() != null || campaign.medium() != null) {
      String from = campaign.source() != null ? campaign.source() : network != null ? network.source() : "(not set)";
      String by = campaign.medium() != null ? campaign.medium() : network != null ? network.medium() : "(not set)";
      return channel(from.toLowerCase(), by.toLowerCase(), name);
    }
    if (network != null) {
      return channel(network.source(), network.medium(), name);
    }
    if ("internal".equals(medium) || "no_source".equals(medium)) {
      return null;
    }
    if (source != null) {
      return channel(source, MEDIUMS.getOrDefault(medium, "referral"), name);
    }
    return channel("(direct)", "(none)", name);
  }

  private String channel(String source, String medium, String campaign) {
    return Channel.of(source, medium, campaign, known.category(source));
  }
}
