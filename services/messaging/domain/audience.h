#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/id/uuid.h"
#include "common/status/error.h"

namespace vinculo::messaging {

enum class AttributeOperator { kEquals = 1, kNotEquals = 2, kIn = 3, kLess = 4, kGreater = 5, kMissing = 6 };

// A tree of conditions.
struct AudienceFilter {
  enum class Kind {
    kEmpty = 0,
    kAllContacts = 1,
    kList = 2,
    kTag = 3,
    kLanguage = 4,
    kCountry = 5,
    kAttribute = 6,
    kAll = 7,
    kAny = 8,
    kNot = 9
  };
  Kind kind = Kind::kEmpty;
  Uuid list_id;
  std::string text;  // tag, language, country, attribute key
  AttributeOperator op = AttributeOperator::kEquals;
  std::vector<std::string> values;
  std::vector<AudienceFilter> children;  // one for kNot
};

inline constexpr int kMaxFilterNodes = 128;
inline constexpr int kMaxFilterDepth = 8;
inline constexpr int kMaxFilterValues = 1000;

// AUDIENCE_NOT_EXPLICIT when the filter is empty; INVALID_FIELDS with every violation under `field` otherwise.
absl::Status ValidateFilter(const AudienceFilter& filter, absl::string_view field);

// What a filter is matched against.
struct AudienceFacts {
  std::vector<std::string> tags;
  std::map<std::string, std::string> attributes;
  std::string language;
  std::string country;
  absl::flat_hash_set<Uuid> lists;
};

// A missing attribute makes every comparison false except kMissing [M-36].
bool Matches(const AudienceFilter& filter, const AudienceFacts& facts);

// The lists a filter names.
std::vector<Uuid> ListsOf(const AudienceFilter& filter);

}  // namespace vinculo::messaging
