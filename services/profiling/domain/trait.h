#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace vinculo::profiling {

// A value of a trait; the alternative is its type. String sets are sorted and hold each string once.
using TraitValue = std::variant<std::string, int64_t, double, bool, absl::Time, std::vector<std::string>>;

enum class TraitCategory { kUnspecified, kDemographic, kPsychographic, kPurchasing, kGoal, kTask, kPainPoint, kCustom };

struct TraitWrite {
  std::string key;
  TraitValue value;
  TraitCategory category = TraitCategory::kCustom;
  friend bool operator==(const TraitWrite&, const TraitWrite&) = default;
};

using TraitMap = absl::flat_hash_map<std::string, TraitValue>;

// As people read it: numbers without needless zeros, "true" or "false", ISO time, members joined by ", ".
std::string TraitText(const TraitValue& value);

}  // namespace vinculo::profiling
