#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "services/lifecycle/domain/health.h"

namespace vinculo::lifecycle {

// What support tells about a client over the health window [L-90] [L-91].
struct ContactFigures {
  double conversations_per_month = 0;
  std::optional<double> mean_rating;
};
// `per_month` holds, for each month of the window, how many conversations were created in it: the mean of those with at
// least one.
double ConversationsPerMonth(absl::Span<const int64_t> per_month);

// Columns of the export: Name, Tier, then ratio and denominator of onboardings, cases and requirements, WCHS,
// avg_rating, conversations, then ratio and denominator of each of `other_keys` [L-74].
std::vector<std::string> HealthCsvHeader(absl::Span<const std::string> other_keys);
// One client's row; unset is an empty cell. A module without volume has an empty ratio and
// the denominator 0; one that is not contracted has neither.
std::vector<std::string> HealthCsvRow(const std::string& name, const HealthSnapshot& snapshot,
                                      const ContactFigures& figures, absl::Span<const std::string> other_keys);

}  // namespace vinculo::lifecycle
