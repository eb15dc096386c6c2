#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// Structured logs on stderr: one line for each event, a message that is a constant and what varies as key/value pairs.
//
//   log::Info("campaign launched", {{"campaign", id}, {"recipients", count}, {"took", elapsed}});
//
// By convention nothing personal is ever logged: ids, counts, codes and reasons, never names, numbers, addresses or
// bodies. Thread-safe. Below the level in force a call costs one relaxed load and the building of views; nothing is
// formatted.
namespace vinculo::log {

enum class Level : int { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3, kOff = 4 };
enum class Format { kText, kJson };

// From `debug`, `info`, `warning`, `error`, `off`; nullopt for anything else.
std::optional<Level> ParseLevel(absl::string_view text);
// From `text`, `json`; nullopt for anything else.
std::optional<Format> ParseFormat(absl::string_view text);

// Sets level and form for the process. Without it lines of kInfo and above are written as text. May be called again.
void Init(Level level, Format format);
// Changes the level while running.
void SetLevel(Level level);

namespace internal {
extern std::atomic<int> g_level;
}
inline bool Enabled(Level level) {
  return static_cast<int>(level) >= internal::g_level.load(std::memory_order_relaxed);
}

// One key/value pair; views what it is given, so it lives no longer than the call. Keys are snake_case and not `time`,
// `level` or `message`.
class Field {
 public:
  Field(absl::string_view key, absl::string_view value) : key_(key), kind_(Kind::kText), text_(value) {}
  Field(absl::string_view key, const char* value) : Field(key, absl::string_view(value)) {}
  Field(absl::string_view key, const std::string& value) : Field(key, absl::string_view(value)) {}
  Field(absl::string_view key, bool value) : key_(key), kind_(Kind::kBool), int_(value) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Field(absl::string_view key, T value)
      : key_(key), kind_(Kind::kInt), int_(static_cast<int64_t>(value)) {}
  Field(absl::string_view key, double value) : key_(key), kind_(Kind::kDouble), double_(value) {}
  // Written in seconds, as a number.
  Field(absl::string_view key, absl::Duration value) : Field(key, absl::ToDoubleSeconds(value)) {}
  // Written as RFC 3339 in UTC.
  Field(absl::string_view key, absl::Time value) : key_(key), kind_(Kind::kTime), int_(absl::ToUnixMicros(value)) {}
  // Written as code, reason and message.
  Field(absl::string_view key, const absl::Status& value) : key_(key), kind_(Kind::kStatus), status_(&value) {}

 private:
  friend class Line;
  enum class Kind { kText, kBool, kInt, kDouble, kTime, kStatus };
  absl::string_view key_;
  Kind kind_;
  absl::string_view text_;
  union {
    int64_t int_ = 0;
    double double_;
    const absl::Status* status_;
  };
};

// Writes the line whatever the level; the functions below check it first.
void Write(Level level, absl::string_view message, std::initializer_list<Field> fields);

inline void Debug(absl::string_view message, std::initializer_list<Field> fields = {}) {
  if (Enabled(Level::kDebug)) Write(Level::kDebug, message, fields);
}
inline void Info(absl::string_view message, std::initializer_list<Field> fields = {}) {
  if (Enabled(Level::kInfo)) Write(Level::kInfo, message, fields);
}
inline void Warning(absl::string_view message, std::initializer_list<Field> fields = {}) {
  if (Enabled(Level::kWarning)) Write(Level::kWarning, message, fields);
}
inline void Error(absl::string_view message, std::initializer_list<Field> fields = {}) {
  if (Enabled(Level::kError)) Write(Level::kError, message, fields);
}

// For tests: while it lives, lines go to it and not to stderr. One at a time.
class Capture {
 public:
  Capture();
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  // Everything written since it was made.
  std::string text() const;
};

}  // namespace vinculo::log
