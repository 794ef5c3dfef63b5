package peers;

import com.fasterxml.jackson.databind.JsonNode;

/** What the visitor allows; null where she was not asked. `hasSignal`: Global Privacy Control speaks for her then. */
record Consent(Boolean analytics, Boolean ads, boolean hasSignal) {
  static Consent of(JsonNode record, JsonNode event, Site site) {
    JsonNode given = event.path("consent");
    boolean hasSignal = site.honoursGpc() && record.path("headers").path("sec_gpc").asText("").equals("1");
    return new Consent(choice(given.path("analytics")), choice(given.path("ads")), hasSignal);
  }

  /** A choice that cannot be understood counts as refused. */
  private static Boolean choice(JsonNode given) {
    return given.isMissingNode() || given.isNull() ? null : (Boolean) given.asBoolean(false);
  }

  boolean keepsPerson() {
    return analytics == null || analytics;
  }

  boolean keepsClicks() {
    return ads == null ? !hasSignal : ads;
  }
}
