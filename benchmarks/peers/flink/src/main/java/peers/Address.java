package peers;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A web address in parts, cleaned: without user name and password, without values that let somebody in or name a person.
 * A part that is not there is null. `java.net.URI` refuses what browsers send (blanks, `|`, `[`), so it is RFC 3986's own
 * pattern (appendix B) that takes it apart.
 */
record Address(String scheme, String authority, String host, String path, String query, String fragment) {
  static final String REMOVED = "removed";
  private static final int LONGEST = 2048;
  private static final int DEEPEST = 100;
  private static final Pattern PARTS =
      Pattern.compile("(?:([A-Za-z][A-Za-z0-9+.-]{0,29}):)?//([^/?#]*)([^?#]*)(?:\\?([^#]*))?(?:#(.*))?", Pattern.DOTALL);
  private static final Pattern RELATIVE = Pattern.compile("(/[^?#]*)(?:\\?([^#]*))?(?:#(.*))?", Pattern.DOTALL);

  /** The cleaned address; null for a text that is none. */
  static Address of(String given, SecretNames secrets) {
    String text = given.length() > LONGEST ? given.substring(0, LONGEST) : given;
    Matcher full = PARTS.matcher(text);
    if (full.matches()) {
      String authority = full.group(2).substring(full.group(2).lastIndexOf('@') + 1).toLowerCase(Locale.ROOT);
      String scheme = full.group(1) == null ? null : full.group(1).toLowerCase(Locale.ROOT);
      return of(scheme, authority, full.group(3), full.group(4), full.group(5), secrets);
    }
    Matcher relative = RELATIVE.matcher(text);
    return relative.matches()
        ? of(null, null, relative.group(1), relative.group(2), relative.group(3), secrets)
        : null;
  }

  private static Address of(
      String scheme, String authority, String path, String query, String fragment, SecretNames secrets) {
    return new Address(
        scheme,
        authority,
        hostOf(authority),
        path.isEmpty() ? "/" : Pii.scrub(path),
        cleaned(query, secrets),
        cleaned(fragment, secrets));
  }

  private static String cleaned(String part, SecretNames secrets) {
    return part == null || part.isEmpty() ? null : withoutValues(Pii.scrub(part), secrets::isSecret);
  }

  private static String hostOf(String authority) {
    if (authority == null) {
      return null;
    }
    int end = authority.startsWith("[") ? authority.indexOf(']') : authority.indexOf(':');
    String host = authority.substring(authority.startsWith("[") ? 1 : 0, end < 0 ? authority.length() : end);
    while (host.endsWith(".")) {
      host = host.substring(0, host.length() - 1);
    }
    return host.isEmpty() ? null : host;
  }

  /** A query without the values for which the predicate holds, asked with the name and the value. */
  static String withoutValues(String query, BiPredicate<String, String> isRemoved) {
    if (query == null || query.indexOf('=') < 0) {
      return query;
    }
    StringBuilder kept = new StringBuilder(query.length());
    for (String part : query.split("&", -1)) {
      int sign = part.indexOf('=');
      boolean removed =
          sign > 0
              && sign + 1 < part.length()
              && part.charAt(sign + 1) != '['
              && isRemoved.test(unescaped(part.substring(0, sign)), part.substring(sign + 1));
      kept.append(removed ? part.substring(0, sign + 1) + REMOVED : part).append('&');
    }
    return kept.substring(0, kept.length() - 1);
  }

  Address withoutValues(BiPredicate<String, String> isRemoved) {
    return new Address(
        scheme, authority, host, path, withoutValues(query, isRemoved), withoutValues(fragment, isRemoved));
  }

  /** The whole of it as one text. */
  String text() {
    StringBuilder text = new StringBuilder();
    if (scheme != null) {
      text.append(scheme).append(':');
    }
    if (authority != null) {
      text.append("//").append(authority);
    }
    text.append(path);
    if (query != null) {
      text.append('?').append(query);
    }
    return fragment == null ? text.toString() : text.append('#').append(fragment).toString();
  }

  /** Decoded parameters by lower-case name, the query's before those behind a hash router's path. */
  Map<String, String> parameters() {
    Map<String, String> found = new HashMap<>();
    parameters(query, found);
    if (fragment != null) {
      parameters(fragment.substring(fragment.indexOf('?') + 1), found);
    }
    return found;
  }

  private static void parameters(String query, Map<String, String> found) {
    if (query == null || query.indexOf('=') < 0) {
      return;
    }
    String[] parts = query.split("&", DEEPEST + 1);
    for (int place = 0; place < Math.min(parts.length, DEEPEST); place++) {
      int sign = parts[place].indexOf('=');
      if (sign >= 0 && sign + 1 < parts[place].length()) {
        found.putIfAbsent(
            parts[place].substring(0, sign).toLowerCase(Locale.ROOT), unescaped(parts[place].substring(sign + 1)));
      }
    }
  }

  private static String unescaped(String value) {
    if (value.indexOf('%') < 0 && value.indexOf('+') < 0) {
      return value;
    }
    try {
      return URLDecoder.decode(value, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException broken) {
      return value;
    }
  }
}
