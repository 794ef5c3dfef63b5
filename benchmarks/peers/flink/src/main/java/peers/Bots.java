package peers;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Is it a machine? By the patterns of the package crawler-user-agents and the tables bot_patterns and bot_exceptions. Most
 * patterns are a plain word, which is looked for without a pattern: a Java class for sets of patterns, as RE2 has one, is
 * not among the libraries here.
 */
final class Bots {
  private static final Pattern META = Pattern.compile("[\\^$()|*?+\\[\\]{}.]");
  private static final Pattern AI =
      insensitive(
          "gptbot|chatgpt-user|chatgpt agent|oai-(?:search|ads)bot|claude-?(?:bot|web|user|searchbot|code)|anthropic-ai"
              + "|perplexity(?:bot|-user)|google-extended|bytespider|ccbot|cohere-(?:ai|training)|mistralai"
              + "|meta-external(?:agent|fetcher)|amazonbot|applebot-extended|deepseekbot|youbot|petalbot");
  private static final Pattern LIBRARY =
      insensitive(
          "^(?:python|curl|wget|libwww|java/|go-http|axios|node|undici|ruby|php|guzzle|perl|aiohttp|httpx|scrapy|postman"
              + "|apache-httpclient|k6/|wrk|jmeter|vegeta|hey/|ab/|siege|locust)|python-requests|go-http-client|node-fetch");
  private static final Pattern HEADLESS =
      insensitive("headless|phantomjs|puppeteer|playwright|selenium|webdriver|cypress|htmlunit|lighthouse|pagespeed|gtmetrix");
  private static final Pattern SAYS_SO = insensitive("(?<!cu)bot\\b|(?<!cu)bot[/;)_-]|crawl|spider|scrap(?:er|y)");
  private static final Pattern MODEL =
      insensitive("(?<=android )([\\d.]+; ?(?:[a-z]{2}[-_][a-z]{2}; ?)?)(?![^;)]*catchpoint)[^;)/]+(?: build/[^;)]*)?(?=[;)])");
  private static final Map<String, List<String>> REASONS =
      Map.of(
          "ai-crawler", List.of("crawler", "ai_agent"),
          "http-library", List.of("http_library"),
          "browser-automation", List.of("headless"));

  /** `word`: null where the pattern is more than a word. `people`: what agents of people match too, or null. */
  private record Crawler(String text, String word, Pattern pattern, Set<String> reasons, Pattern people, boolean isListed) {
    String nameIn(String agent) {
      if (word != null) {
        return agent.contains(word) ? word : null;
      }
      Matcher found = pattern.matcher(agent);
      return found.find() ? found.group() : null;
    }
  }

  private final List<Crawler> crawlers = new ArrayList<>();

  Bots() throws IOException {
    Map<String, Pattern> people = new HashMap<>();
    Tables.read("bot_exceptions").forEach(row -> people.put(row.get("pattern"), insensitive(row.get("people"))));
    for (JsonNode entry : Line.JSON.readTree(new File(System.getenv("PEER_CRAWLERS")))) {
      String text = entry.path("pattern").asText();
      String word = text.replaceAll("\\\\([/\\-. _])", "$1");
      boolean isWord = !META.matcher(text.replaceAll("\\\\.", "")).find() && !word.contains("\\");
      Set<String> reasons = new LinkedHashSet<>();
      entry.path("tags").forEach(tag -> reasons.addAll(REASONS.getOrDefault(tag.asText(), List.of())));
      if (reasons.isEmpty()) {
        reasons.add("crawler");
      }
      crawlers.add(
          new Crawler(text, isWord ? word : null, isWord ? null : Pattern.compile(text), reasons, people.get(text), true));
    }
    for (Map<String, String> row : Tables.read("bot_patterns")) {
      String text = row.get("pattern");
      crawlers.add(new Crawler(text, null, insensitive(text), Set.of(row.get("reason")), people.get(text), false));
    }
  }

  private static Pattern insensitive(String text) {
    return Pattern.compile(text, Pattern.CASE_INSENSITIVE);
  }

  /** The verdict's columns as a fragment. */
  String columns(String agent, boolean isSpider, boolean isBrowser, boolean isHeadlessHint) throws IOException {
    if (agent.isEmpty()) {
      List<String> none = isBrowser ? List.of() : List.of("no_user_agent");
      return new Line().put("is_bot", !isBrowser).put("bot_reasons", none).fragment();
    }
    String bare = agent.contains("ndroid") ? MODEL.matcher(agent).replaceAll("$1") : agent;
    Crawler best = null;
    String name = null;
    for (Crawler crawler : crawlers) {
      String found = crawler.nameIn(bare);
      boolean isPerson = found != null && crawler.people() != null && crawler.people().matcher(agent).find();
      if (found != null && !isPerson && isBetter(crawler, best)) {
        best = crawler;
        name = found;
      }
    }
    Set<String> known = best == null ? Set.of() : best.reasons();
    Matcher library = LIBRARY.matcher(bare);
    Matcher headless = HEADLESS.matcher(bare);
    boolean isLibrary = library.find();
    boolean isHeadless = headless.find();
    List<String> reasons = new ArrayList<>();
    addIf(reasons, "crawler", known.contains("crawler") || isSpider || SAYS_SO.matcher(bare).find());
    addIf(reasons, "ai_agent", known.contains("ai_agent") || AI.matcher(bare).find());
    addIf(reasons, "http_library", known.contains("http_library") || isLibrary);
    addIf(reasons, "headless", known.contains("headless") || isHeadless || isHeadlessHint);
    if (name == null && (isLibrary || isHeadless)) {
      name = isLibrary ? library.group() : headless.group();
    }
    String shown = name == null ? null : name.replaceAll("^[ /;:-]+|[ /;:-]+$", "");
    return new Line().put("is_bot", !reasons.isEmpty()).put("bot_name", shown).put("bot_reasons", reasons).fragment();
  }

  private static boolean isBetter(Crawler crawler, Crawler best) {
    if (best == null || crawler.isListed() != best.isListed()) {
      return best == null || crawler.isListed();
    }
    return crawler.text().length() > best.text().length();
  }

  private static void addIf(List<String> reasons, String reason, boolean holds) {
    if (holds) {
      reasons.add(reason);
    }
  }
}
