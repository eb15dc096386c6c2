#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/messaging/domain/limits.h"
#include "services/messaging/domain/provider.h"

// What the operator tells in JSON files: what WhatsApp's words and codes mean, and further apps. INVALID_ARGUMENT says
// what is wrong and where.
namespace vinculo::messaging {

// {"131026": "R", "200-299": "B"}: a code or a span of codes, and its class: R, P, L, X, T, A or B.
absl::StatusOr<std::vector<ErrorSpan>> ParseErrorClasses(absl::string_view text);

// {"tiers": {"TIER_2K": 2000, "TIER_UNLIMITED": -1}, "throughputs": {"HIGH": 1000}}: people per day and messages per
// second, beside or instead of those of the default table.
absl::StatusOr<LevelTable> ParseLevels(absl::string_view text);

// {"verify_token": "...", "secrets": ["...", "..."]}: one secret, two while it is being replaced.
struct AppFile {
  std::string slug;
  std::string verify_token;
  std::vector<std::string> secrets;
};
absl::StatusOr<AppFile> ParseApp(const std::string& slug, absl::string_view text);

}  // namespace vinculo::messaging
