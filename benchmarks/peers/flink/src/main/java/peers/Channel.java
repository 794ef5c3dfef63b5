package peers;

import java.util.Set;
import java.util.regex.Pattern;

/** Google Analytics 4's default channel groups: the rules of Google's help page in their order. */
final class Channel {
  private static final Pattern PAID = Pattern.compile(".*cp.*|ppc|retargeting|paid.*");
  private static final Pattern SHOPPING = Pattern.compile(".*(([^a-df-z]|^)shop|shopping).*");
  private static final Set<String> DISPLAY = Set.of("display", "banner", "expandable", "interstitial", "cpm");
  private static final Set<String> SOCIAL =
      Set.of("social", "social-network", "social-media", "sm", "social network", "social media");
  private static final Set<String> MAIL = Set.of("email", "e-mail", "e_mail", "e mail");
  private static final Set<String> REFERRAL = Set.of("referral", "app", "link");

  private Channel() {}

  /** All in lower case; `category`: search, social, video, shopping, ai, email or empty. */
  static String of(String source, String medium, String campaign, String category) {
    boolean isPaid = PAID.matcher(medium).matches();
    boolean isShopping = category.equals("shopping") || SHOPPING.matcher(campaign).matches();
    if (source.equals("(direct)") && (medium.equals("(not set)") || medium.equals("(none)"))) {
      return "Direct";
    }
    if (campaign.contains("cross-network")) {
      return "Cross-network";
    }
    if (isPaid) {
      String kind = isShopping ? "Shopping" : switch (category) {
        case "search" -> "Search";
        case "social" -> "Social";
        case "video" -> "Video";
        default -> null;
      };
      return kind != null ? "Paid " + kind : DISPLAY.contains(medium) ? "Display" : "Paid Other";
    }
    if (DISPLAY.contains(medium)) {
      return "Display";
    }
    if (isShopping) {
      return "Organic Shopping";
    }
    if (category.equals("social") || SOCIAL.contains(medium)) {
      return "Organic Social";
    }
    if (category.equals("video") || medium.contains("video")) {
      return "Organic Video";
    }
    if (category.equals("search") || medium.equals("organic")) {
      return "Organic Search";
    }
    if (REFERRAL.contains(medium)) {
      return "Referral";
    }
    if (MAIL.contains(source) || MAIL.contains(medium)) {
      return "Email";
    }
    if (medium.equals("affiliate") || medium.equals("audio")) {
      return medium.equals("audio") ? "Audio" : "Affiliates";
    }
    if (source.equals("sms") || medium.equals("sms")) {
      return "SMS";
    }
    if (medium.endsWith("push") || medium.contains("mobile") || medium.contains("notification") || source.equals("firebase")) {
      return "Mobile Push Notifications";
    }
    boolean isAssistant = medium.equals("ai-assistant") || (category.equals("ai") && medium.equals("(not set)"));
    return isAssistant ? "AI Assistant" : "Unassigned";
  }
}
