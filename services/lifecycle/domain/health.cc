#include "services/lifecycle/domain/health.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/calendar/period.h"
#include "common/calendar/statistics.h"

namespace vinculo::lifecycle {
namespace {

constexpr int kSlopeWeeks = 8;

int BandOf(double score, const HealthModel& model) {
  int band = 0;
  for (size_t i = 1; i < model.bands.size(); ++i) {
    if (score >= model.bands[i].lower) band = static_cast<int>(i);
  }
  return band;
}

std::optional<int> BandNamed(absl::string_view tier, const HealthModel& model) {
  for (size_t i = 0; i < model.bands.size(); ++i) {
    if (model.bands[i].tier == tier) return static_cast<int>(i);
  }
  return std::nullopt;
}

}  // namespace

void CheckModel(const HealthModel& model, FieldViolations& bad) {
  if (model.bands.empty()) return bad.Add("bands", "at least one band is needed");
  if (model.bands.front().lower != 0) bad.Add("bands[0].lower", "the first band begins at 0");
  for (size_t i = 0; i < model.bands.size(); ++i) {
    const Band& band = model.bands[i];
    if (band.tier.empty() || band.tier == kNoDataTier) {
      bad.Add(absl::StrCat("bands[", i, "].tier"), absl::StrCat("needs a name other than ", kNoDataTier));
    }
    for (size_t j = 0; j < i; ++j) {
      if (model.bands[j].tier == band.tier)
        bad.Add(absl::StrCat("bands[", i, "].tier"), "is the name of an earlier band");
    }
    const bool rises = i == 0 || band.lower > model.bands[i - 1].lower;
    if (!rises || !(band.lower < 100))
      bad.Add(absl::StrCat("bands[", i, "].lower"), "must rise from band to band and stay below 100");
  }
  if (!(model.margin >= 0 && model.margin <= 50)) bad.Add("margin", "must be between 0 and 50 points");
}

std::optional<double> WeightedScore::exact() const {
  if (started == 0) return std::nullopt;
  return 100.0 * static_cast<double>(completed) / static_cast<double>(started);
}

std::optional<double> WeightedScore::presented() const { return calendar::Percent(completed, started); }

WeightedScore ScoreOf(absl::Span<const ModuleTerm> terms) {
  WeightedScore score;
  for (const ModuleTerm& term : terms) {
    const Ratio ratio = term.ratio();
    score.completed += ratio.completed;
    score.started += ratio.started;
  }
  return score;
}

std::string RawTier(std::optional<double> score, const HealthModel& model) {
  return score ? model.bands[BandOf(*score, model)].tier : kNoDataTier;
}

std::string TierAfter(std::optional<double> score, const std::optional<TierMemory>& before, const HealthModel& model) {
  const std::optional<int> present = before ? BandNamed(before->tier, model) : std::nullopt;
  if (!score || !present) return RawTier(score, model);
  const int raw = BandOf(*score, model);
  int band = *present;
  while (band > raw) {
    const double cut = model.bands[band].lower;
    const bool confirmed = before->score && *before->score < cut;
    if (*score > cut - model.margin && !confirmed) break;
    --band;
  }
  while (band < raw) {
    const double cut = model.bands[band + 1].lower;
    const bool confirmed = before->score && *before->score >= cut;
    if (*score < cut + model.margin && !confirmed) break;
    ++band;
  }
  return model.bands[band].tier;
}

std::vector<ExplainedTerm> Explain(absl::Span<const ModuleTerm> terms) {
  const WeightedScore total = ScoreOf(terms);
  std::vector<ExplainedTerm> explained;
  explained.reserve(terms.size());
  for (const ModuleTerm& term : terms) {
    ExplainedTerm e{term};
    const Ratio ratio = term.ratio();
    if (ratio.started > 0) {
      e.weight = static_cast<double>(ratio.started) / static_cast<double>(total.started);
      e.ratio = 100.0 * static_cast<double>(ratio.completed) / static_cast<double>(ratio.started);
      e.contribution = 100.0 * static_cast<double>(ratio.completed) / static_cast<double>(total.started);
    }
    explained.push_back(std::move(e));
  }
  return explained;
}

bool HealthSnapshot::SameResult(const HealthSnapshot& other) const {
  return as_of == other.as_of && window_first == other.window_first && terms == other.terms &&
         raw_tier == other.raw_tier && tier == other.tier && tier_since == other.tier_since &&
         model_version == other.model_version;
}

HealthSnapshot MakeSnapshot(std::string customer_id, absl::CivilDay as_of, std::vector<ModuleTerm> terms,
                            const std::optional<HealthSnapshot>& before, const HealthModel& model, absl::Time now) {
  HealthSnapshot s;
  s.customer_id = std::move(customer_id);
  s.as_of = as_of;
  s.window_first = calendar::LastSixMonths(as_of).first;
  std::sort(terms.begin(), terms.end(), [](const ModuleTerm& a, const ModuleTerm& b) {
    return std::tie(a.module_key, a.module_instance_id) < std::tie(b.module_key, b.module_instance_id);
  });
  s.terms = std::move(terms);
  s.score = ScoreOf(s.terms);
  s.raw_tier = RawTier(s.score.exact(), model);
  std::optional<TierMemory> memory;
  if (before) memory = TierMemory{before->tier, before->score.exact()};
  s.tier = TierAfter(s.score.exact(), memory, model);
  s.tier_since = before && before->tier == s.tier ? before->tier_since : as_of;
  s.model_version = model.version;
  s.computed_at = now;
  return s;
}

std::vector<HealthDelta> DeltasOf(absl::Span<const ScorePoint> history) {
  std::vector<HealthDelta> deltas;
  for (const int days : kDeltaDays) {
    HealthDelta delta{days};
    for (const ScorePoint& point : history) {
      if (point.as_of > history.front().as_of - days) continue;
      delta.as_of = point.as_of;
      delta.previous = point.score;
      break;
    }
    if (delta.previous && history.front().score) delta.change = *history.front().score - *delta.previous;
    deltas.push_back(delta);
  }
  return deltas;
}

std::optional<double> SlopePerWeek(absl::Span<const ScorePoint> history) {
  if (history.empty()) return std::nullopt;
  const absl::CivilDay newest_week = WeekOf(history.front().as_of);
  int64_t last_week = -1;
  int n = 0;
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (const ScorePoint& point : history) {
    const int64_t week = (newest_week - WeekOf(point.as_of)) / 7;
    if (week >= kSlopeWeeks) break;
    if (!point.score || week == last_week) continue;
    last_week = week;
    const double x = static_cast<double>(point.as_of - history.front().as_of) / 7.0;
    ++n;
    sx += x;
    sy += *point.score;
    sxx += x * x;
    sxy += x * *point.score;
  }
  const double spread = n * sxx - sx * sx;
  if (n < 2 || spread <= 0) return std::nullopt;
  return (n * sxy - sx * sy) / spread;
}

int64_t SortKey(std::optional<double> score) {
  constexpr int64_t kNoDataLast = 1'000'000'000;
  return score ? std::llround(*score * 1e6) : kNoDataLast;
}

std::string EncodeTerms(absl::Span<const ModuleTerm> terms) {
  std::string text;
  for (const ModuleTerm& t : terms) {
    absl::StrAppend(&text, text.empty() ? "" : " ", t.module_key, ":", t.module_instance_id.ToString(), ":",
                    t.counts.completed, "/", t.counts.started);
  }
  return text;
}

std::optional<std::vector<ModuleTerm>> DecodeTerms(absl::string_view text) {
  std::vector<ModuleTerm> terms;
  for (const absl::string_view part : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(part, ':');
    if (fields.size() != 3) return std::nullopt;
    const std::pair<absl::string_view, absl::string_view> counts = absl::StrSplit(fields[2], absl::MaxSplits('/', 1));
    const std::optional<Uuid> id = Uuid::Parse(fields[1]);
    ModuleTerm term;
    if (!id || !absl::SimpleAtoi(counts.first, &term.counts.completed) ||
        !absl::SimpleAtoi(counts.second, &term.counts.started)) {
      return std::nullopt;
    }
    term.module_instance_id = *id;
    term.module_key = std::string(fields[0]);
    terms.push_back(std::move(term));
  }
  return terms;
}

}  // namespace vinculo::lifecycle
