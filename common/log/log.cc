#include "common/log/log.h"

#include <cmath>
#include <memory>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "common/status/error.h"
#include "spdlog/logger.h"
#include "spdlog/pattern_formatter.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/sinks/stdout_sinks.h"

namespace vinculo::log {

namespace internal {
std::atomic<int> g_level{static_cast<int>(Level::kInfo)};
}

namespace {

std::atomic<Format> g_format{Format::kText};

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      break;
  }
  return spdlog::level::off;
}

std::unique_ptr<spdlog::formatter> MakeFormatter(Format format) {
  const char* pattern = format == Format::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})"
                                                : "%Y-%m-%dT%H:%M:%S.%fZ %^%L%$ %v";
  return std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc);
}

std::shared_ptr<spdlog::logger> MakeLogger(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("vinculo", std::move(sink));
  logger->set_level(spdlog::level::trace);
  logger->set_formatter(MakeFormatter(g_format));
  return logger;
}

// Replaced by Capture in tests; read with a copy of the pointer, so that a line under way keeps its logger.
struct Current {
  std::shared_ptr<spdlog::logger> logger = MakeLogger(std::make_shared<spdlog::sinks::stderr_sink_mt>());
};

std::shared_ptr<spdlog::logger>& CurrentLogger() {
  static Current* const current = new Current;
  return current->logger;
}

std::shared_ptr<std::ostringstream>& CaptureStream() {
  static auto* const stream = new std::shared_ptr<std::ostringstream>;
  return *stream;
}

void AppendQuoted(absl::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          absl::StrAppendFormat(&out, "\\u%04x", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

bool IsPlainWord(absl::string_view text) {
  for (const char c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c)) || c == '"' || c == '=' || c == '\\') return false;
  }
  return !text.empty();
}

std::string DescribeStatus(const absl::Status& status) {
  if (status.ok()) return "OK";
  const std::string reason = vinculo::ErrorReason(status);
  return absl::StrCat(absl::StatusCodeToString(status.code()), reason.empty() ? "" : " ", reason, ": ",
                      status.message());
}

}  // namespace

// Renders what stands behind time and level.
class Line {
 public:
  explicit Line(Format format) : json_(format == Format::kJson) {}

  void Message(absl::string_view message) {
    if (json_) {
      out_ += "\"message\":";
      AppendQuoted(message, out_);
    } else {
      out_.append(message.data(), message.size());
    }
  }

  void Add(const Field& field) {
    if (json_) {
      out_ += ',';
      AppendQuoted(field.key_, out_);
      out_ += ':';
    } else {
      absl::StrAppend(&out_, " ", field.key_, "=");
    }
    Value(field);
  }

  const std::string& text() const { return out_; }

 private:
  void Value(const Field& field) {
    switch (field.kind_) {
      case Field::Kind::kText:
        return Text(field.text_);
      case Field::Kind::kBool:
        out_ += field.int_ != 0 ? "true" : "false";
        return;
      case Field::Kind::kInt:
        absl::StrAppend(&out_, field.int_);
        return;
      case Field::Kind::kDouble:
        // JSON knows neither NaN nor infinity.
        if (!std::isfinite(field.double_)) return Text(absl::StrCat(field.double_));
        absl::StrAppendFormat(&out_, "%.9g", field.double_);
        return;
      case Field::Kind::kTime:
        return Text(absl::FormatTime(absl::RFC3339_full, absl::FromUnixMicros(field.int_), absl::UTCTimeZone()));
      case Field::Kind::kStatus:
        return Text(DescribeStatus(*field.status_));
    }
  }

  void Text(absl::string_view text) {
    if (!json_ && IsPlainWord(text)) {
      out_.append(text.data(), text.size());
    } else {
      AppendQuoted(text, out_);
    }
  }

  bool json_;
  std::string out_;
};

std::optional<Level> ParseLevel(absl::string_view text) {
  if (text == "debug") return Level::kDebug;
  if (text == "info") return Level::kInfo;
  if (text == "warning") return Level::kWarning;
  if (text == "error") return Level::kError;
  if (text == "off") return Level::kOff;
  return std::nullopt;
}

std::optional<Format> ParseFormat(absl::string_view text) {
  if (text == "text") return Format::kText;
  if (text == "json") return Format::kJson;
  return std::nullopt;
}

void Init(Level level, Format format) {
  SetLevel(level);
  g_format = format;
  std::atomic_load(&CurrentLogger())->set_formatter(MakeFormatter(format));
}

void SetLevel(Level level) { internal::g_level.store(static_cast<int>(level), std::memory_order_relaxed); }

void Write(Level level, absl::string_view message, std::initializer_list<Field> fields) {
  Line line(g_format);
  line.Message(message);
  for (const Field& field : fields) line.Add(field);
  std::atomic_load(&CurrentLogger())->log(ToSpdlog(level), spdlog::string_view_t(line.text()));
}

Capture::Capture() {
  CaptureStream() = std::make_shared<std::ostringstream>();
  std::atomic_store(&CurrentLogger(), MakeLogger(std::make_shared<spdlog::sinks::ostream_sink_mt>(*CaptureStream())));
}

Capture::~Capture() {
  std::atomic_store(&CurrentLogger(), MakeLogger(std::make_shared<spdlog::sinks::stderr_sink_mt>()));
}

std::string Capture::text() const { return CaptureStream()->str(); }

}  // namespace vinculo::log
