package peers;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Locale;
import java.util.regex.Pattern;

/** The page, its language and the size of the screen. */
final class Page {
  private static final int MOST_PIXELS = 100_000;
  private static final int LONGEST = 2048;
  private static final Pattern ENDS = Pattern.compile("[,;]");
  private static final Pattern LANGUAGE = Pattern.compile("[A-Za-z]{2,8}");
  private static final Pattern PART = Pattern.compile("[A-Za-z0-9]+");

  private Page() {}

  /** `address` is null where `url` is none. */
  static void put(Line line, String url, Address address, String title) throws IOException {
    if (url != null) {
      line.put("page_url", address == null ? url.substring(0, Math.min(url.length(), LONGEST)) : address.text());
    }
    if (address != null) {
      line.put("page_host", address.host()).put("page_path", address.path()).put("page_query", address.query());
    }
    if (title != null) {
      line.put("page_title", Pii.scrub(title));
    }
  }

  static void putScreen(Line line, JsonNode screen, String language, String accepted) throws IOException {
    String tag = languageOf(language);
    line.put("language", tag == null ? languageOf(accepted) : tag);
    Long wide = side(screen, "width");
    Long view = side(screen, "viewport_width");
    line.put("screen_width", wide)
        .put("screen_height", side(screen, "height"))
        .put("viewport_width", view)
        .put("viewport_height", side(screen, "viewport_height"))
        .put("screen_class", widthClass(wide))
        .put("viewport_class", widthClass(view));
  }

  private static Long side(JsonNode screen, String name) {
    JsonNode side = screen.path(name);
    return side.isNumber() && side.asLong() >= 0 && side.asLong() <= MOST_PIXELS ? side.asLong() : null;
  }

  /** Bootstrap's break points. */
  private static String widthClass(Long width) {
    if (width == null || width == 0) {
      return null;
    }
    return width < 576 ? "xs" : width < 768 ? "sm" : width < 992 ? "md" : width < 1200 ? "lg" : width < 1400 ? "xl" : "xxl";
  }

  /** `pt-BR` of `pt_br,pt;q=0.9`; null where there is no language. */
  private static String languageOf(String text) {
    if (text == null) {
      return null;
    }
    String[] parts = ENDS.split(text, 2)[0].strip().replace('_', '-').split("-");
    if (!LANGUAGE.matcher(parts[0]).matches()) {
      return null;
    }
    StringBuilder tag = new StringBuilder(parts[0].toLowerCase(Locale.ROOT));
    for (int place = 1; place < Math.min(parts.length, 3); place++) {
      String part = parts[place];
      if (PART.matcher(part).matches()) {
        String title = part.substring(0, 1).toUpperCase(Locale.ROOT) + part.substring(1).toLowerCase(Locale.ROOT);
        tag.append('-').append(part.length() == 2 ? part.toUpperCase(Locale.ROOT) : part.length() == 4 ? title : part);
      }
    }
    return tag.toString();
  }
}
