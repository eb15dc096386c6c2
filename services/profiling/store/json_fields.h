#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/id/uuid.h"
#include "common/json/json_text.h"

// What the codecs of this room share. Internal.
namespace vinculo::profiling {

inline int64_t Micros(absl::Time t) { return absl::ToUnixMicros(t); }
inline absl::Time TimeOf(const nlohmann::json& j) { return absl::FromUnixMicros(j.get<int64_t>()); }
inline Uuid IdOf(const nlohmann::json& j) { return Uuid::Parse(j.get<std::string>()).value_or(Uuid()); }

}  // namespace vinculo::profiling
