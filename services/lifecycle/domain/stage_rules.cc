#include "services/lifecycle/domain/stage_rules.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace vinculo::lifecycle {
namespace {

absl::Span<const UsageCounts> Last(absl::Span<const UsageCounts> weeks, int n) {
  return weeks.size() <= static_cast<size_t>(n) ? weeks : weeks.last(n);
}

UsageCounts Sum(absl::Span<const UsageCounts> weeks) {
  UsageCounts sum;
  for (const UsageCounts& week : weeks) sum += week;
  return sum;
}

int ActiveWeeks(absl::Span<const UsageCounts> weeks) {
  return static_cast<int>(
      std::count_if(weeks.begin(), weeks.end(), [](const UsageCounts& w) { return w.started > 0; }));
}

// One module's evaluation in progress: the ratios, and a method per question of the rules.
class Decider {
 public:
  Decider(const EvaluationInput& in, const StageRules& rules)
      : in_(in),
        rules_(rules),
        adopt_(MakeRatio(Sum(Last(in.weeks, rules.adopt_weeks)), rules.min_volume)),
        low_(MakeRatio(Sum(Last(in.weeks, rules.low_weeks)), rules.min_volume)),
        success_(MakeRatio(Sum(Last(in.weeks, rules.success_weeks)), rules.min_volume)) {
    out_.to = in.stage;
    out_.reason = kReasonStays;
    out_.memory = in.memory;
    out_.evidence = {{}, adopt_, success_, ActiveWeeks(Last(in.weeks, rules.success_weeks)), in.weeks_live, in.weeks};
  }

  Evaluation Run() {
    if (!UnderUsageRules(in_.stage)) return Stay(kReasonNotRuled);
    if (in_.suppressed) return Stay(kReasonSuppressed);
    CountStreaks();
    if (in_.stage == Stage::kLowUsage) {
      FromLowUsage();
    } else if (const char* reason = LowUsage(); reason != nullptr) {
      Move(Stage::kLowUsage, reason);
    } else if (in_.stage == Stage::kEarlyAdoption) {
      if (Adopts()) Move(Stage::kAdoption, kReasonAdopted);
    } else if (in_.stage == Stage::kAdoption) {
      if (Succeeds()) Move(Stage::kSuccess, kReasonSucceeded);
    } else if (out_.memory.success_misses >= rules_.success_exit_confirm) {
      Move(Stage::kAdoption, kReasonSuccessLost);
    }
    Remember();
    return std::move(out_);
  }

 private:
  Evaluation Stay(const char* reason) {
    out_.reason = reason;
    return std::move(out_);
  }

  void Move(Stage to, const char* reason) {
    out_.to = to;
    out_.reason = reason;
  }

  bool Lived(int weeks) const { return in_.weeks_live && *in_.weeks_live >= weeks; }
  bool GraceIsOver() const {
    return in_.stage != Stage::kEarlyAdoption || in_.weeks_in_stage >= rules_.early_grace_weeks;
  }

  void CountStreaks() {
    EvaluationMemory& m = out_.memory;
    m.low_hits = low_.Below(rules_.low_enter) ? m.low_hits + 1 : 0;
    m.low_holds = in_.stage == Stage::kLowUsage && low_.AtLeast(rules_.low_enter) ? m.low_holds + 1 : 0;
    m.success_misses = in_.stage == Stage::kSuccess && success_.AtMost(rules_.success_enter) ? m.success_misses + 1 : 0;
  }

  // Why the module is low now, or null.
  const char* LowUsage() const {
    if (!GraceIsOver()) return nullptr;
    if (out_.memory.low_hits >= rules_.low_enter_confirm) return kReasonLow;
    const bool silent = low_.state == RatioState::kNoVolume && Lived(rules_.low_weeks);
    return silent && rules_.low_zero_volume ? kReasonNoVolume : nullptr;
  }

  void FromLowUsage() {
    if (Adopts()) {
      Move(Stage::kAdoption, kReasonAdopted);
    } else if (low_.AtLeast(rules_.low_exit) || out_.memory.low_holds >= rules_.low_exit_confirm) {
      Move(Stage::kEarlyAdoption, kReasonRecovered);
    }
  }

  bool Adopts() const { return Lived(rules_.adopt_weeks) && adopt_.Above(rules_.adopt_enter); }

  bool Succeeds() const {
    if (!Lived(rules_.success_weeks) || !success_.Above(rules_.success_enter) || !low_.AtLeast(rules_.low_enter))
      return false;
    if (in_.memory.was_low && in_.memory.adoption_results < 2) return false;
    return RegularUse();
  }

  bool RegularUse() const {
    const auto weeks = Last(in_.weeks, rules_.success_weeks);
    if (ActiveWeeks(weeks) < rules_.success_min_active_weeks) return false;
    for (size_t i = 0; i < weeks.size(); i += 4) {
      if (Sum(weeks.subspan(i, 4)).started == 0) return false;
    }
    return true;
  }

  void Remember() {
    EvaluationMemory& m = out_.memory;
    m.was_low = m.was_low || out_.to == Stage::kLowUsage;
    m.adoption_results = out_.to == Stage::kAdoption ? m.adoption_results + 1 : 0;
    m.below_adoption_threshold = out_.to == Stage::kAdoption && !adopt_.Above(rules_.adopt_enter);
    if (out_.to != in_.stage) {
      m.success_misses = m.low_holds = 0;
    } else if (low_.state == RatioState::kInsufficient) {
      out_.reason = kReasonInsufficient;
    } else if (m.below_adoption_threshold) {
      out_.reason = kReasonBelowAdoption;
    }
  }

  const EvaluationInput& in_;
  const StageRules& rules_;
  const Ratio adopt_;
  const Ratio low_;
  const Ratio success_;
  Evaluation out_;
};

std::optional<UsageCounts> DecodeCounts(absl::string_view text) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits('/', 1));
  UsageCounts counts;
  if (!absl::SimpleAtoi(parts.first, &counts.completed) || !absl::SimpleAtoi(parts.second, &counts.started))
    return std::nullopt;
  return counts;
}

std::string EncodeCounts(int64_t completed, int64_t started) { return absl::StrCat(completed, "/", started); }

std::string EncodeRatio(const Ratio& r) {
  return absl::StrCat(EncodeCounts(r.completed, r.started), ":", static_cast<int>(r.state), ":", r.capped ? 1 : 0);
}

std::optional<Ratio> DecodeRatio(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  int state = 0;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[1], &state) || state < 0 || state > 2) return std::nullopt;
  const auto counts = DecodeCounts(parts[0]);
  if (!counts) return std::nullopt;
  return Ratio{counts->completed, counts->started, static_cast<RatioState>(state), parts[2] == "1"};
}

}  // namespace

int StageRules::window_weeks() const { return std::max({adopt_weeks, low_weeks, success_weeks}); }

Evaluation EvaluateStage(const EvaluationInput& input, const StageRules& rules) { return Decider(input, rules).Run(); }

EvaluationMemory MemoryAfterMove(const EvaluationMemory& before, Stage to) {
  EvaluationMemory memory;
  memory.evaluated_week = before.evaluated_week;
  memory.was_low = before.was_low || to == Stage::kLowUsage;
  return memory;
}

std::string EncodeEvidence(const StageEvidence& e) {
  std::string text = absl::StrCat("1 ", DayNumber(e.last_week), " ", EncodeRatio(e.r4), " ", EncodeRatio(e.r16), " ",
                                  e.active_weeks, " ", e.weeks_live.value_or(-1));
  for (const UsageCounts& week : e.weeks) absl::StrAppend(&text, " ", EncodeCounts(week.completed, week.started));
  return text;
}

std::optional<StageEvidence> DecodeEvidence(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ' ');
  if (parts.size() < 6 || parts[0] != "1") return std::nullopt;
  StageEvidence e;
  int64_t last_week = 0;
  int64_t live = 0;
  const auto r4 = DecodeRatio(parts[2]);
  const auto r16 = DecodeRatio(parts[3]);
  if (!absl::SimpleAtoi(parts[1], &last_week) || !r4 || !r16 || !absl::SimpleAtoi(parts[4], &e.active_weeks) ||
      !absl::SimpleAtoi(parts[5], &live)) {
    return std::nullopt;
  }
  e.last_week = DayFromNumber(last_week);
  e.r4 = *r4;
  e.r16 = *r16;
  if (live >= 0) e.weeks_live = live;
  for (size_t i = 6; i < parts.size(); ++i) {
    const auto counts = DecodeCounts(parts[i]);
    if (!counts) return std::nullopt;
    e.weeks.push_back(*counts);
  }
  return e;
}

}  // namespace vinculo::lifecycle
