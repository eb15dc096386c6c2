#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"

// What the codecs of this room share. Internal.
namespace vinculo::profiling {

inline int64_t Micros(absl::Time t) { return absl::ToUnixMicros(t); }
inline absl::Time TimeOf(const nlohmann::json& j) { return absl::FromUnixMicros(j.get<int64_t>()); }
inline Uuid IdOf(const nlohmann::json& j) { return Uuid::Parse(j.get<std::string>()).value_or(Uuid()); }

// Text that is no UTF-8 is replaced, never thrown over.
inline std::string Dump(const nlohmann::json& j) {
  return j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// The library throws; this is where that ends.
template <class T, class Read>
absl::StatusOr<T> Decode(absl::string_view text, Read&& read) {
  try {
    return read(nlohmann::json::parse(text.data(), text.data() + text.size()));
  } catch (const nlohmann::json::exception&) {
    return absl::DataLossError("a stored record cannot be read");
  }
}

}  // namespace vinculo::profiling
