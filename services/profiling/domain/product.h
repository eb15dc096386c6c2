#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace vinculo::profiling {

using TextByLanguage = std::map<std::string, std::string>;

// The text for a language: exact tag, its language part, `base`, else the first there is; "" when there is none.
absl::string_view PickText(const TextByLanguage& texts, absl::string_view language, absl::string_view base);

struct Product {
  std::string product_id;
  TextByLanguage names;
  TextByLanguage short_descriptions;
  std::string image_url;
  std::optional<int64_t> price_minor;
  std::string currency;
  std::string group;
  std::vector<std::string> tags;
  std::map<std::string, std::string> attributes;
  bool active = true;
  std::optional<absl::Time> available_from;
  std::optional<absl::Time> available_until;
  int priority = 0;
  int catalogue_rank = 0;
  int64_t revision = 0;

  // Active and inside its dates: from inclusive, until exclusive.
  bool Available(absl::Time now) const {
    return active && (!available_from || now >= *available_from) && (!available_until || now < *available_until);
  }
};

}  // namespace vinculo::profiling
