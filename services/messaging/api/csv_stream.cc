#include "services/messaging/api/csv_stream.h"

namespace vinculo::messaging {

csv::WriterOptions ParseCsvFormat(const v1::CsvFormat& in, FieldViolations& bad) {
  csv::WriterOptions out{.bom = in.bom()};
  switch (in.delimiter()) {
    case v1::CsvFormat::DELIMITER_UNSPECIFIED:
    case v1::CsvFormat::DELIMITER_COMMA:
      break;
    case v1::CsvFormat::DELIMITER_SEMICOLON:
      out.delimiter = ';';
      break;
    case v1::CsvFormat::DELIMITER_TAB:
      out.delimiter = '\t';
      break;
    case v1::CsvFormat::DELIMITER_PIPE:
      out.delimiter = '|';
      break;
    default:
      bad.Add("format.delimiter", "is not a known value");
  }
  return out;
}

std::string CsvTime(const std::optional<absl::Time>& t, absl::TimeZone zone) {
  return t ? absl::FormatTime("%Y-%m-%dT%H:%M:%S%Ez", *t, zone) : "";
}

}  // namespace vinculo::messaging
