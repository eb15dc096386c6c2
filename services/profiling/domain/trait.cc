#include "services/profiling/domain/trait.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace vinculo::profiling {

std::string TraitText(const TraitValue& value) {
  struct Visitor {
    std::string operator()(const std::string& v) const { return v; }
    std::string operator()(int64_t v) const { return absl::StrCat(v); }
    std::string operator()(double v) const { return absl::StrCat(v); }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(absl::Time v) const {
      return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", v, absl::UTCTimeZone());
    }
    std::string operator()(const std::vector<std::string>& v) const { return absl::StrJoin(v, ", "); }
  };
  return std::visit(Visitor(), value);
}

}  // namespace vinculo::profiling
