package peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Money and items of an event. */
final class Items {
  private static final BigDecimal ABSURD = new BigDecimal("1e11");
  private static final int MOST = 1_000_000;
  private static final Set<String> TEXTS =
      new LinkedHashSet<>(
          List.of(
              "item_id", "item_name", "item_brand", "item_category", "item_variant", "item_category2", "item_category3",
              "item_category4", "item_category5", "item_list_id", "item_list_name", "coupon", "affiliation", "promotion_id",
              "promotion_name", "creative_name", "creative_slot", "location_id"));
  private static final Set<String> OF_ALL =
      new LinkedHashSet<>(
          List.of(
              "item_list_id", "item_list_name", "affiliation", "promotion_id", "promotion_name", "creative_name",
              "creative_slot", "location_id"));
  private static final Set<String> READ = Set.of("currency", "value", "transaction_id", "coupon", "shipping", "tax", "items");
  private static final Set<String> NUMBERS = Set.of("price", "quantity", "discount", "index");
  private static final Set<String> PLACEHOLDERS =
      Set.of("", "undefined", "null", "none", "nan", "n/a", "(not set)", "(none)", "[object object]", "false", "true");

  private Items() {}

  /** `codes`: the currencies of ISO 4217. */
  static void put(Line line, JsonNode given, String name, String currency, Set<String> codes) throws IOException {
    List<String> flags = new ArrayList<>(0);
    boolean isRefund = name.equals("refund");
    String code = given.path("currency").asText("").strip().toUpperCase();
    boolean isKnown = code.isEmpty() || codes.contains(code);
    flag(flags, isKnown ? null : "unknown_currency");
    line.put("currency", code.isEmpty() ? currency : isKnown ? code : null);
    String order = id(given.path("transaction_id"));
    flag(flags, order == null && given.hasNonNull("transaction_id") ? "unusable_transaction_id" : null);
    String coupon = id(given.path("coupon"));
    line.put("transaction_id", order).put("coupon", coupon == null ? null : Pii.scrub(coupon));
    BigDecimal value = amount(given, "value", isRefund, flags);
    line.put("shipping", amount(given, "shipping", isRefund, flags)).put("tax", amount(given, "tax", isRefund, flags));
    JsonNode items = given.path("items");
    if (!items.isEmpty()) {
      BigDecimal total = putItems(line, items, shared(given), flags);
      if (total != null && !given.hasNonNull("value")) {
        value = plain(isRefund ? total.abs() : total);
        flags.add("derived_value");
      }
    }
    line.put("value", value).put("ecommerce_flags", flags);
  }

  /** What all items cost, null where no price is known. */
  private static BigDecimal putItems(Line line, JsonNode items, Map<String, String> shared, List<String> flags)
      throws IOException {
    long pieces = 0;
    BigDecimal total = null;
    line.json.writeArrayFieldStart("items");
    for (JsonNode item : items) {
      line.json.writeStartObject();
      putTexts(line, item, shared);
      BigDecimal price = amount(item, "price", false, flags);
      Long quantity = quantity(item.path("quantity"), flags);
      line.put("price", price).put("quantity", quantity).put("discount", amount(item, "discount", false, flags));
      line.json.writeEndObject();
      pieces += quantity == null ? 0 : quantity;
      if (price != null) {
        BigDecimal cost = price.multiply(BigDecimal.valueOf(quantity == null ? 0 : quantity));
        total = total == null ? cost : total.add(cost);
      }
    }
    line.json.writeEndArray();
    line.put("items_count", (long) items.size()).put("items_quantity", pieces);
    return total;
  }

  private static Map<String, String> shared(JsonNode given) {
    Map<String, String> shared = new HashMap<>();
    for (String field : OF_ALL) {
      if (given.hasNonNull(field)) {
        shared.put(field, given.get(field).asText());
      }
    }
    return shared;
  }

  private static void putTexts(Line line, JsonNode item, Map<String, String> shared) throws IOException {
    for (String field : TEXTS) {
      JsonNode text = item.path(field);
      String own = field.equals("item_id") ? id(text) : text.isValueNode() && !text.isNull() ? text.asText() : null;
      line.put(field, own == null ? shared.get(field) : own);
    }
    if (item.path("index").canConvertToInt()) {
      line.put("index", item.path("index").asLong());
    }
  }

  private static Long quantity(JsonNode given, List<String> flags) {
    if (!given.isNumber()) {
      return 1L;
    }
    double pieces = given.asDouble();
    if (Math.abs(pieces) > MOST) {
      flag(flags, "absurd_quantity");
      return null;
    }
    flag(flags, pieces != Math.rint(pieces) ? "broken_quantity" : pieces < 0 ? "negative_quantity" : null);
    return (long) pieces;
  }

  private static BigDecimal amount(JsonNode given, String name, boolean isRefund, List<String> flags) {
    if (!given.path(name).isNumber()) {
      return null;
    }
    BigDecimal amount = isRefund ? given.get(name).decimalValue().abs() : given.get(name).decimalValue();
    boolean isAbsurd = amount.abs().compareTo(ABSURD) >= 0;
    flag(flags, isAbsurd ? "absurd_" + name : amount.signum() < 0 ? "negative_" + name : null);
    return isAbsurd ? null : plain(amount);
  }

  private static void flag(List<String> flags, String flag) {
    if (flag != null && !flags.contains(flag)) {
      flags.add(flag);
    }
  }

  private static BigDecimal plain(BigDecimal amount) {
    return amount.setScale(4, RoundingMode.HALF_EVEN).stripTrailingZeros();
  }

  /** An id as text; null for what a program writes in the place of none. */
  private static String id(JsonNode given) {
    String text = given.isValueNode() && !given.isNull() ? given.asText().strip() : "";
    return PLACEHOLDERS.contains(text.toLowerCase()) ? null : text;
  }

  /** The fields that have no column, or null when there are none. */
  static ObjectNode unread(JsonNode given) {
    ObjectNode rest = Line.JSON.createObjectNode();
    boolean hasItems = !given.path("items").isEmpty();
    for (var field : given.properties()) {
      if (!READ.contains(field.getKey()) && !(hasItems && OF_ALL.contains(field.getKey()))) {
        rest.set(field.getKey(), field.getValue());
      }
    }
    ArrayNode items = Line.JSON.createArrayNode();
    int place = 0;
    for (JsonNode item : given.path("items")) {
      ObjectNode left = Line.JSON.createObjectNode();
      for (var field : item.properties()) {
        if (!TEXTS.contains(field.getKey()) && !NUMBERS.contains(field.getKey())) {
          left.set(field.getKey(), field.getValue());
        }
      }
      if (!left.isEmpty()) {
        ObjectNode one = items.addObject().put("place", place);
        one.set("item_id", item.get("item_id"));
        one.setAll(left);
      }
      place++;
    }
    if (!items.isEmpty()) {
      rest.set("items", items);
    }
    return rest.isEmpty() ? null : rest;
  }
}
