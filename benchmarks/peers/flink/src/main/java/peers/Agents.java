package peers;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import ua_parser.Client;
import ua_parser.Parser;

/**
 * Browser, system, class of device and the bot's verdict of a User-Agent and its client hints, kept for the last 20,000 of
 * them. uap-java tells neither brand nor model of a device.
 */
final class Agents {
  private static final int LONGEST = 512;
  private static final Pattern FROZEN = Pattern.compile("Android 10; K[);]");
  private static final Pattern CONSOLE = Pattern.compile("playstation|xbox|nintendo|steamdeck");
  private static final Pattern WEARABLE =
      Pattern.compile("watch ?os|apple ?watch|wear os|\\bwatch\\b|sm-r[0-9]{3}|oculusbrowser|quest ");
  private static final Pattern TV =
      Pattern.compile(
          "smart-?tv|hbbtv|apple ?tv|google ?tv|android ?tv|bravia|roku|\\baft[a-z0-9]{1,6}\\b|crkey|web0s|webos"
              + "|netcast|viera|vidaa|tizen[ /0-9.]+tv|\\btv\\b|aquos|mibox|chromecast|dtv|philipstv");
  private static final Pattern TABLET =
      Pattern.compile(
          "ipad|tablet|kindle|silk(?!.*mobile)|playbook|nexus (?:7|9|10)|xoom|\\bgt-p[0-9]|\\bsm-[tx][0-9]{3}"
              + "|\\bkf[a-z]{3,5}\\b|touchpad|lenovo (?:tb|yoga)|\\btb-?[0-9x]|mediapad");
  private static final Pattern IOS_BROWSER =
      Pattern.compile("crios/|fxios/|edgios/|opios/|\\bgsa/|duckduckgo/7|brave/1|yabrowser/.*mobile/");
  private static final Pattern COMPUTER =
      Pattern.compile("mac ?os[ /x]|macbook|\\bimac|win64|win32|\\bwindows\\b|cygwin|x11;|linux (?:x86_64|i686)");
  private static final Set<String> PHONES =
      Set.of("iOS", "Android", "Windows Phone", "KaiOS", "BlackBerry OS", "Symbian OS", "Firefox OS", "Bada", "HarmonyOS");
  private static final Set<String> DESKTOPS =
      Set.of("Windows", "Mac OS X", "Mac OS", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian", "FreeBSD", "OpenBSD");

  /** Columns as fragments: the agent's, and the bot's verdict. */
  record Agent(String columns, String verdict) {}

  private final Parser parser = new Parser();
  private final Bots bots = new Bots();
  private final Set<String> tablets = new HashSet<>();
  private final Lru<String, Agent> known = new Lru<>();

  Agents() throws IOException {
    Tables.read("tablet_models").forEach(row -> tablets.add(row.get("model")));
  }

  Agent get(String text, JsonNode headers) throws IOException {
    String hints = Hints.key(headers);
    String key = text + hints;
    Agent agent = known.get(key);
    if (agent == null) {
      agent = find(text.length() > LONGEST ? text.substring(0, LONGEST) : text, hints);
      known.put(key, agent);
    }
    return agent;
  }

  private Agent find(String text, String key) throws IOException {
    String browser = null;
    String browserVersion = null;
    String engine = null;
    String system = null;
    String systemVersion = null;
    String kind = null;
    if (!text.isEmpty()) {
      Client found = parser.parse(text);
      browser = family(found.userAgent.family);
      browserVersion = version(found.userAgent.major, found.userAgent.minor, found.userAgent.patch);
      engine = engine(text);
      system = family(found.os.family);
      boolean isFrozen = FROZEN.matcher(text).find();
      systemVersion = isFrozen ? null : version(found.os.major, found.os.minor, found.os.patch);
      kind = deviceClass(text, system, found.device.family);
    }
    if (!key.isEmpty()) {
      Hints hints = Hints.of(key);
      if (hints.namesBrowser(browser == null ? "" : browser)) {
        browser = browser == null || !browser.startsWith(hints.browser()) ? hints.browser() : browser;
        browserVersion = hints.version();
        engine = "Blink";
      }
      if (hints.system() != null) {
        String known = hints.system().equals(system) ? systemVersion : null;
        system = hints.system();
        systemVersion = hints.systemVersion() == null ? known : hints.systemVersion();
      }
      if (hints.model() != null && tablets.contains(hints.model().toLowerCase()) && !"desktop".equals(kind)) {
        kind = "tablet";
      } else if (hints.isMobile() && (kind == null || kind.equals("desktop") || kind.equals("tablet") || kind.equals("other"))) {
        kind = "mobile";
      }
    }
    Line line =
        new Line()
            .put("user_agent", Pii.scrub(text))
            .put("browser_name", browser)
            .put("browser_version", browserVersion)
            .put("browser_engine", engine)
            .put("os_name", system)
            .put("os_version", systemVersion)
            .put("device_class", kind);
    return new Agent(line.fragment(), bots.columns(text, "bot".equals(kind), browser != null, key.contains("HeadlessChrome")));
  }

  private static String family(String name) {
    return "Other".equals(name) ? null : name;
  }

  private static String version(String... parts) {
    StringBuilder known = new StringBuilder();
    for (String part : parts) {
      if (part == null || part.isEmpty()) {
        break;
      }
      known.append(known.length() == 0 ? "" : ".").append(part);
    }
    return known.toString();
  }

  private static String engine(String agent) {
    if (agent.contains("Trident/") || agent.contains("MSIE ")) {
      return "Trident";
    }
    if (agent.contains("Edge/")) {
      return "EdgeHTML";
    }
    if (agent.contains("AppleWebKit/")) {
      boolean isBlink = (agent.contains("Chrome/") || agent.contains("Chromium/")) && !agent.contains("CriOS");
      return isBlink ? "Blink" : "WebKit";
    }
    return agent.contains("Presto/") ? "Presto" : agent.contains("Gecko/") ? "Gecko" : null;
  }

  private static String deviceClass(String agent, String system, String device) {
    String text = agent.toLowerCase();
    if ("Spider".equals(device)) {
      return "bot";
    }
    if (CONSOLE.matcher(text).find()) {
      return "console";
    }
    if (WEARABLE.matcher(text).find()) {
      return "wearable";
    }
    if (TV.matcher(text).find()) {
      return "tv";
    }
    boolean isDesktopIpad = text.contains("macintosh") && IOS_BROWSER.matcher(text).find();
    boolean isAndroidTablet =
        text.startsWith("mozilla/5.0 (linux; ") && text.contains("android") && !text.contains("mobile");
    if (TABLET.matcher(text).find() || isDesktopIpad || isAndroidTablet) {
      return "tablet";
    }
    String family = system == null ? "" : system;
    if (text.contains("mobi") || text.contains("iphone") || text.contains("ipod") || PHONES.contains(family)) {
      return "mobile";
    }
    return DESKTOPS.contains(family) || COMPUTER.matcher(text).find() ? "desktop" : "other";
  }
}
