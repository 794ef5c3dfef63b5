package peers;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a browser says of itself in the Sec-CH-UA headers; a part that is not there is null. */
record Hints(String browser, String version, String system, String systemVersion, boolean isMobile, String model) {
  private static final Pattern BRAND = Pattern.compile("\"([^\"]{1,64})\";\\s*v=\"([^\"]{1,32})\"");
  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("Google Chrome", "Chrome"),
          Map.entry("Microsoft Edge", "Edge"),
          Map.entry("Opera", "Opera"),
          Map.entry("Opera GX", "Opera"),
          Map.entry("Brave", "Brave"),
          Map.entry("YaBrowser", "Yandex Browser"),
          Map.entry("Yandex", "Yandex Browser"),
          Map.entry("Samsung Internet", "Samsung Internet"),
          Map.entry("Vivaldi", "Vivaldi"),
          Map.entry("HuaweiBrowser", "Huawei Browser"),
          Map.entry("Android WebView", "Chrome Mobile WebView"),
          Map.entry("HeadlessChrome", "HeadlessChrome"),
          Map.entry("DuckDuckGo", "DuckDuckGo Mobile"),
          Map.entry("Chromium", "Chromium"));
  private static final Map<String, String> PLATFORMS =
      Map.of("macOS", "Mac OS X", "Chrome OS", "Chrome OS", "Chromium OS", "Chrome OS");
  private static final Map<String, String> OLD_WINDOWS = Map.of("0.1", "7", "0.2", "8", "0.3", "8.1");
  private static final Set<String> NO_APP =
      Set.of("", "Chrome", "Chrome Mobile", "Chrome Mobile WebView", "Android", "Android WebView");

  /** What a cache of them goes by; empty when there are none. */
  static String key(JsonNode headers) {
    if (!headers.has("sec_ch_ua") && !headers.has("sec_ch_ua_platform")) {
      return "";
    }
    StringBuilder key = new StringBuilder();
    for (String name : new String[] {"", "_full_version_list", "_mobile", "_platform", "_platform_version", "_model"}) {
      key.append('\n').append(headers.path("sec_ch_ua" + name).asText(""));
    }
    return key.toString();
  }

  static Hints of(String key) {
    String[] texts = key.split("\n", -1);
    String brands = texts[2].isEmpty() ? texts[1] : texts[2];
    String browser = null;
    String version = null;
    for (Matcher found = BRAND.matcher(brands); found.find(); ) {
      String name = NAMES.get(found.group(1));
      if (name != null && (browser == null || (browser.equals("Chromium") && !name.equals("Chromium")))) {
        browser = name;
        version = found.group(2);
      }
    }
    String given = bare(texts[4]);
    String system = given == null || given.equals("Unknown") ? null : PLATFORMS.getOrDefault(given, given);
    return new Hints(browser, version, system, version(system, bare(texts[5])), texts[3].equals("?1"), bare(texts[6]));
  }

  private static String bare(String quoted) {
    String text = quoted.strip().replaceAll("^\"+|\"+$", "");
    return text.isEmpty() ? null : text;
  }

  /** Of Windows the numbers are those of an API contract, by Microsoft's table. */
  private static String version(String system, String text) {
    if (text == null) {
      return null;
    }
    if ("Windows".equals(system)) {
      String[] parts = text.split("\\.");
      if (!parts[0].matches("[0-9]{1,9}")) {
        return null;
      }
      int major = Integer.parseInt(parts[0]);
      return major >= 13 ? "11" : major > 0 ? "10" : OLD_WINDOWS.get(parts[0] + "." + (parts.length > 1 ? parts[1] : ""));
    }
    return text.replaceFirst("(?:\\.0){1,2}$", "");
  }

  /** Whether the hint names the browser, and not only the engine that an app is drawn by. */
  boolean namesBrowser(String browserOfText) {
    boolean isApp = "Chrome Mobile WebView".equals(browser) && !NO_APP.contains(browserOfText);
    return browser != null && !browser.equals("Chromium") && !isApp;
  }
}
