#include "services/lifecycle/domain/health_csv.h"

#include "absl/strings/str_cat.h"
#include "common/calendar/statistics.h"

namespace vinculo::lifecycle {
namespace {

constexpr const char* kSeedKeys[] = {"onboardings", "cases", "requirements"};

void AppendModule(const HealthSnapshot& snapshot, absl::string_view key, std::vector<std::string>& row) {
  UsageCounts counts;
  bool contracted = false;
  for (const ModuleTerm& term : snapshot.terms) {
    if (term.module_key != key) continue;
    const Ratio ratio = term.ratio();
    contracted = true;
    counts += {ratio.started, ratio.completed};
  }
  row.push_back(calendar::FormatPercent(counts.completed, counts.started));
  row.push_back(contracted ? absl::StrCat(counts.started) : "");
}

}  // namespace

double ConversationsPerMonth(absl::Span<const int64_t> per_month) {
  int64_t sum = 0;
  int64_t months = 0;
  for (const int64_t n : per_month) {
    sum += n;
    months += n > 0 ? 1 : 0;
  }
  return months == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(months);
}

std::vector<std::string> HealthCsvHeader(absl::Span<const std::string> other_keys) {
  std::vector<std::string> header = {"Name",        "Tier",       "OB_Ratio",           "D_OB",
                                     "Cases_Ratio", "D_Cases",    "Requirements_Ratio", "D_Requirements",
                                     "WCHS",        "avg_rating", "conversations"};
  for (const std::string& key : other_keys) {
    header.push_back(absl::StrCat(key, "_Ratio"));
    header.push_back(absl::StrCat("D_", key));
  }
  return header;
}

std::vector<std::string> HealthCsvRow(const std::string& name, const HealthSnapshot& snapshot,
                                      const ContactFigures& figures, absl::Span<const std::string> other_keys) {
  std::vector<std::string> row = {name, snapshot.tier};
  for (const char* key : kSeedKeys) AppendModule(snapshot, key, row);
  row.push_back(calendar::FormatPercent(snapshot.score.completed, snapshot.score.started));
  row.push_back(figures.mean_rating ? calendar::Format2(*figures.mean_rating) : "");
  row.push_back(calendar::Format2(figures.conversations_per_month));
  for (const std::string& key : other_keys) AppendModule(snapshot, key, row);
  return row;
}

}  // namespace vinculo::lifecycle
