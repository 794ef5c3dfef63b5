package peers;

import com.maxmind.db.CHMCache;
import com.maxmind.db.Reader;
import java.io.File;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.InetAddress;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Where an address is, by the worker's own database: one file, or one for each version of IP; kept for 20,000 addresses. */
final class Geo {
  private static final Pattern ADDRESS = Pattern.compile("[0-9]{1,3}(?:\\.[0-9]{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");

  /** Columns as fragments; without what is not kept of somebody who refuses analytics; the address, truncated. */
  record Place(String columns, String coarse, String truncated) {}

  private static final Place NOWHERE = new Place("", "", null);
  private final Lru<String, Place> known = new Lru<>();
  private Reader four;
  private Reader six;
  private String date;

  Geo() throws IOException {
    String files = System.getenv().getOrDefault("PEER_GEO_FILES", "");
    for (String file : files.isEmpty() ? new String[0] : files.split(File.pathSeparator)) {
      Reader reader = new Reader(new File(file), Reader.FileMode.MEMORY_MAPPED, new CHMCache());
      boolean isFour = reader.getMetadata().getIpVersion() == 4;
      four = isFour || four == null ? reader : four;
      six = isFour ? six : reader;
      date = reader.getMetadata().getBuildDate().toInstant().atZone(ZoneOffset.UTC).toLocalDate().toString();
    }
  }

  Place get(String address) throws IOException {
    Place place = known.get(address);
    if (place == null) {
      place = ADDRESS.matcher(address).matches() ? find(InetAddress.getByName(address)) : NOWHERE;
      known.put(address, place);
    }
    return place;
  }

  private Place find(InetAddress address) throws IOException {
    Reader reader = address.getAddress().length == 4 ? four : six;
    Map<?, ?> found = reader == null ? null : reader.get(address, Map.class);
    Line all = new Line();
    Line coarse = new Line();
    if (reader != null) {
      all.put("geo_database_date", date);
      coarse.put("geo_database_date", date);
    }
    if (found != null) {
      boolean isFlat = found.containsKey("country_code");
      put(all, found, isFlat, true);
      put(coarse, found, isFlat, false);
    }
    return new Place(all.fragment(), coarse.fragment(), truncated(address.getAddress()));
  }

  private static void put(Line line, Map<?, ?> found, boolean isFlat, boolean isWhole) throws IOException {
    Object region = at(found, "subdivisions") instanceof List<?> list && !list.isEmpty() ? list.get(0) : null;
    Object home = found.containsKey("country") ? at(found, "country") : at(found, "registered_country");
    String country = text(isFlat ? at(found, "country_code") : at(home, "iso_code"));
    String code = text(at(region, "iso_code"));
    line.put("geo_continent", text(at(found, "continent", "code")))
        .put("geo_country", country)
        .put("geo_region", code == null ? null : country + "-" + code)
        .put("geo_region_name", text(isFlat ? at(found, "state1") : at(region, "names", "en")))
        .put("geo_city", text(isFlat ? at(found, "city") : at(found, "city", "names", "en")))
        .put("geo_timezone", text(isFlat ? at(found, "timezone") : at(found, "location", "time_zone")));
    if (at(found, "location", "accuracy_radius") instanceof Number radius) {
      line.put("geo_accuracy_km", radius.longValue());
    }
    if (isWhole) {
      Object where = isFlat ? found : at(found, "location");
      line.put("geo_postal_code", text(isFlat ? at(found, "postcode") : at(found, "postal", "code")))
          .put("geo_latitude", degrees(at(where, "latitude")))
          .put("geo_longitude", degrees(at(where, "longitude")));
    }
  }

  private static BigDecimal degrees(Object number) {
    return number instanceof Number some
        ? BigDecimal.valueOf(some.doubleValue()).setScale(4, RoundingMode.HALF_EVEN).stripTrailingZeros()
        : null;
  }

  private static Object at(Object found, String... names) {
    for (String name : names) {
      found = found instanceof Map<?, ?> map ? map.get(name) : null;
    }
    return found;
  }

  private static String text(Object found) {
    return found == null ? null : found.toString();
  }

  /** The first 24 bits of an IPv4 address, 48 of an IPv6 one. */
  private static String truncated(byte[] address) {
    if (address.length == 4) {
      return (address[0] & 255) + "." + (address[1] & 255) + "." + (address[2] & 255) + ".0";
    }
    String text = "";
    for (int group = 2; group >= 0; group--) {
      int value = (address[group * 2] & 255) << 8 | address[group * 2 + 1] & 255;
      text = value == 0 && text.isEmpty() ? "" : Integer.toHexString(value) + (text.isEmpty() ? "" : ":" + text);
    }
    return text + "::";
  }
}
