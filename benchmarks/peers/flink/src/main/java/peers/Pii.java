package peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Takes e-mail addresses, CPFs and card numbers out of texts: patterns, and the check digits of what they find. */
final class Pii {
  private static final Pattern EMAIL =
      Pattern.compile("[\\w.%+\\-]{1,64}?(?:@|%40)\\w(?:[\\w\\-]{0,62}\\.)+[A-Za-z]{2,24}");
  private static final Pattern NUMBER = Pattern.compile("(?<![\\w])[0-9](?:[ .\\-+]?[0-9]){10,18}(?![\\w])");
  private static final TextNode REMOVED = TextNode.valueOf("[removed]");

  private Pii() {}

  static String scrub(String text) {
    String found = text;
    if (found.indexOf('@') >= 0 || found.contains("%40")) {
      found = EMAIL.matcher(found).replaceAll("[email]");
    }
    return hasDigits(found) ? NUMBER.matcher(found).replaceAll(Pii::kind) : found;
  }

  /** A JSON value with its texts scrubbed and what stands under a sensitive name removed. */
  static JsonNode scrub(JsonNode value, SecretNames secrets) {
    if (value.isTextual()) {
      String text = value.textValue();
      String clean = scrub(text);
      return clean.equals(text) ? value : TextNode.valueOf(clean);
    }
    if (value instanceof ArrayNode array) {
      for (int place = 0; place < array.size(); place++) {
        array.set(place, scrub(array.get(place), secrets));
      }
    } else if (value instanceof ObjectNode object) {
      for (var member : object.properties()) {
        JsonNode held = member.getValue();
        boolean isEmpty = held.isNull() || held.isBoolean();
        member.setValue(!isEmpty && secrets.isSecretProperty(member.getKey()) ? REMOVED : scrub(held, secrets));
      }
    }
    return value;
  }

  private static boolean hasDigits(String text) {
    int digits = 0;
    for (int place = 0; place < text.length(); place++) {
      char letter = text.charAt(place);
      if (letter >= '0' && letter <= '9') {
        if (++digits == 11) {
          return true;
        }
      } else if (letter != ' ' && letter != '.' && letter != '-' && letter != '+') {
        digits = 0;
      }
    }
    return false;
  }

  private static String kind(MatchResult found) {
    String digits = found.group().replaceAll("[^0-9]", "");
    if (digits.length() == 11 && isCpf(digits)) {
      return "[cpf]";
    }
    boolean isCard = digits.length() >= 13 && "23456".indexOf(digits.charAt(0)) >= 0 && isLuhn(digits);
    return isCard ? "[card]" : found.group().replace("\\", "\\\\").replace("$", "\\$");
  }

  private static boolean isCpf(String digits) {
    if (digits.chars().distinct().count() == 1) {
      return false;
    }
    for (int length = 9; length <= 10; length++) {
      int sum = 0;
      for (int place = 0; place < length; place++) {
        sum += (digits.charAt(place) - '0') * (length + 1 - place);
      }
      if (sum * 10 % 11 % 10 != digits.charAt(length) - '0') {
        return false;
      }
    }
    return true;
  }

  private static boolean isLuhn(String digits) {
    int sum = 0;
    for (int place = 0; place < digits.length(); place++) {
      int digit = digits.charAt(digits.length() - 1 - place) - '0';
      int twice = digit * 2;
      sum += place % 2 == 0 ? digit : twice > 9 ? twice - 9 : twice;
    }
    return sum % 10 == 0;
  }
}
