package peers;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichFlatMapFunction;
import org.apache.flink.metrics.Counter;
import org.apache.flink.util.Collector;

/** A raw record → its events with every column but the session's. A record that cannot be read is counted and left out. */
public final class Enrich extends RichFlatMapFunction<Raw, Row> {
  private static final Pattern EVENT_ID = Pattern.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  private transient Map<String, Site> sites;
  private transient SecretNames secrets;
  private transient Set<String> currencies;
  private transient Campaign campaign;
  private transient Referrer referrer;
  private transient Agents agents;
  private transient Geo geo;
  private transient Lru<String, Address> addresses;
  private transient Counter skipped;

  @Override
  public void open(OpenContext context) throws Exception {
    sites = Site.all();
    secrets = new SecretNames();
    currencies = Tables.read("currencies").stream().map(row -> row.get("code")).collect(Collectors.toSet());
    campaign = new Campaign();
    referrer = new Referrer();
    agents = new Agents();
    geo = new Geo();
    addresses = new Lru<>();
    skipped = getRuntimeContext().getMetricGroup().counter("skipped");
  }

  @Override
  public void flatMap(Raw raw, Collector<Row> out) throws Exception {
    JsonNode record;
    try {
      record = Line.JSON.readTree(raw.data);
    } catch (JsonProcessingException broken) {
      skipped.inc();
      return;
    }
    Site site = sites.get(record.path("site").asText());
    if (site == null || record.path("v").asInt() != 1) {
      skipped.inc();
      return;
    }
    for (JsonNode event : record.path("events")) {
      if (EVENT_ID.matcher(event.path("event_id").asText()).matches()) {
        out.collect(row(raw, record, event, site));
      } else {
        skipped.inc();
      }
    }
  }

  private Row row(Raw raw, JsonNode record, JsonNode event, Site site) throws IOException {
    Row row = new Row();
    row.key = record.path("site").asText() + "/" + record.path("visitor_id").asText();
    row.eventId = event.path("event_id").asText();
    row.receivedAt = record.path("received_at").asLong();
    Line line =
        new Line()
            .put("site", record.path("site").asText())
            .put("received_at", Times.iso(row.receivedAt))
            .put("visitor_id", record.path("visitor_id").asText())
            .put("visitor_kind", record.path("visitor_kind").asText())
            .put("raw_sequence", "0".repeat(Math.max(0, 56 - raw.sequence.length())) + raw.sequence)
            .put("schema_version", 1L);
    row.at = Times.put(line, record, event, site);
    row.shared = line.size();
    Consent consent = Consent.of(record, event, site);
    line.put("event_id", row.eventId).put("event_name", event.path("event").asText());
    if (event.hasNonNull("user_id") && consent.keepsPerson()) {
      line.put("user_id", Pii.scrub(event.get("user_id").asText()));
    }
    if (!event.path("repairs").isEmpty()) {
      line.put("input_repairs", event.get("repairs"));
    }
    putPage(line, record, event, site, consent);
    putClient(line, record, event, site, consent);
    String term = text(event, "search_term");
    if (term != null) {
      line.put("search_term", Pii.scrub(term));
    }
    JsonNode ecommerce = event.path("ecommerce");
    if (!ecommerce.isEmpty()) {
      Items.put(line, ecommerce, event.path("event").asText(), site.currency(), currencies);
    }
    putProperties(line, event, ecommerce);
    row.columns = line.open();
    return row;
  }

  private void putPage(Line line, JsonNode record, JsonNode event, Site site, Consent consent) throws IOException {
    JsonNode page = event.path("page");
    String url = text(page, "url") != null ? text(page, "url") : text(record.path("headers"), "referer");
    Address address = address(url);
    Address from = address(text(page, "referrer"));
    boolean keeps = consent.keepsClicks();
    Address shown = keeps || address == null ? address : address.withoutValues(campaign::isClick);
    Page.put(line, url, shown, text(page, "title"));
    Campaign.Found found = campaign.put(line, address, keeps);
    referrer.put(line, keeps || from == null ? from : from.withoutValues(campaign::isClick), address, site, found);
  }

  private Address address(String url) {
    if (url == null || url.isEmpty()) {
      return null;
    }
    Address known = addresses.get(url);
    if (known == null) {
      known = Address.of(url, secrets);
      addresses.put(url, known);
    }
    return known;
  }

  private void putClient(Line line, JsonNode record, JsonNode event, Site site, Consent consent) throws IOException {
    String text = record.path("user_agent").asText("");
    Agents.Agent agent = agents.get(text, record.path("headers"));
    boolean isServer =
        record.path("trusted_server").asBoolean() || site.serverAgents().stream().anyMatch(text::startsWith);
    Page.putScreen(line, event.path("screen"), text(event, "language"), text(record.path("headers"), "accept_language"));
    line.add(agent.columns()).add(isServer ? ",\"is_bot\":false" : agent.verdict());
    if (record.hasNonNull("ip")) {
      Geo.Place place = geo.get(record.get("ip").asText());
      line.add(consent.keepsPerson() ? place.columns() : place.coarse());
      if (consent.keepsPerson() && site.keepsAddress()) {
        line.put("ip_truncated", place.truncated());
      }
    }
    line.put("consent_analytics", consent.analytics()).put("consent_ads", consent.ads());
  }

  private void putProperties(Line line, JsonNode event, JsonNode ecommerce) throws IOException {
    ObjectNode properties = event.path("properties") instanceof ObjectNode given ? given : null;
    ObjectNode unread = ecommerce.isEmpty() ? null : Items.unread(ecommerce);
    if (unread != null) {
      properties = properties == null ? Line.JSON.createObjectNode() : properties;
      properties.set(properties.has("ecommerce") ? "ecommerce_unread" : "ecommerce", unread);
    }
    if (properties != null && !properties.isEmpty()) {
      line.put("properties", Line.JSON.writeValueAsString(Pii.scrub(properties, secrets)));
    }
  }

  private static String text(JsonNode object, String name) {
    JsonNode found = object.path(name);
    return found.isTextual() ? found.textValue() : null;
  }
}
