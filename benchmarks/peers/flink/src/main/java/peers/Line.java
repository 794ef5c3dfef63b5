package peers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Columns as one JSON object that stays open: a null is left out, and what is the same for many rows is a fragment. */
final class Line {
  static final ObjectMapper JSON =
      new ObjectMapper(JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_CONTENT).build());

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(2048);
  final JsonGenerator json;

  Line() throws IOException {
    json = JSON.getFactory().createGenerator(bytes);
    json.writeStartObject();
  }

  Line put(String name, String value) throws IOException {
    if (value != null && !value.isEmpty()) {
      json.writeStringField(name, value);
    }
    return this;
  }

  Line put(String name, Long value) throws IOException {
    if (value != null) {
      json.writeNumberField(name, value);
    }
    return this;
  }

  Line put(String name, Boolean value) throws IOException {
    if (value != null) {
      json.writeBooleanField(name, value);
    }
    return this;
  }

  Line put(String name, BigDecimal value) throws IOException {
    if (value != null) {
      json.writeFieldName(name);
      json.writeNumber(value.toPlainString());
    }
    return this;
  }

  Line put(String name, List<String> values) throws IOException {
    if (!values.isEmpty()) {
      json.writeArrayFieldStart(name);
      for (String value : values) {
        json.writeString(value);
      }
      json.writeEndArray();
    }
    return this;
  }

  Line put(String name, JsonNode value) throws IOException {
    json.writeFieldName(name);
    json.writeTree(value);
    return this;
  }

  /** Columns that `fragment()` of another line gave; this one must hold a column already. */
  Line add(String fragment) throws IOException {
    json.writeRaw(fragment);
    return this;
  }

  /** Bytes so far. */
  int size() throws IOException {
    json.flush();
    return bytes.size();
  }

  /** The object without its closing brace. */
  byte[] open() throws IOException {
    json.close();
    return bytes.toByteArray();
  }

  /** The columns with a comma before them; empty when there are none. */
  String fragment() throws IOException {
    String text = new String(open(), StandardCharsets.UTF_8);
    return text.length() == 1 ? "" : "," + text.substring(1);
  }
}
