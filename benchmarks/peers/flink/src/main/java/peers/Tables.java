package peers;

import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The tables of enrich_consumer/core/tables, the files that the worker beside this one reads. */
final class Tables {
  private static final CsvSchema HEADED = CsvSchema.emptySchema().withHeader();

  private Tables() {}

  static List<Map<String, String>> read(String name) throws IOException {
    try (var lines = Files.lines(Path.of(System.getenv("PEER_TABLES"), name + ".csv"))) {
      String text = lines.filter(line -> !line.startsWith("#")).collect(Collectors.joining("\n"));
      return new CsvMapper().readerForMapOf(String.class).with(HEADED).<Map<String, String>>readValues(text).readAll();
    }
  }
}
